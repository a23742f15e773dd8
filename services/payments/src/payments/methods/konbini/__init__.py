"""コンビニ・ATM・ネットバンキング・電子マネー払い: a number, six days, and the money comes by itself."""

from payments.methods.konbini.method import Konbini

METHOD = Konbini
