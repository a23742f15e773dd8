"""銀行振込: the buyer transfers, staff look at the bank statement and record the deposit (PAY-14)."""

from payments.methods.bank_transfer.method import BankTransfer

METHOD = BankTransfer
