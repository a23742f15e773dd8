"""The facts about an order that later mails need: its buyer, its content, and whether it ended."""
