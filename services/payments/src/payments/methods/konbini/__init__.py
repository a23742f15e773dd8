"""コンビニ・ATM・ネットバンキング・電子マネー払い: a number, six days, and an automatic deposit."""

from payments.methods.konbini.method import Konbini

METHOD = Konbini
