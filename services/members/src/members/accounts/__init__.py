"""Who is a member: the account, its password and how it is found."""
