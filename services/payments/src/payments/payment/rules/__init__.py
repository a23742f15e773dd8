"""The rules of a payment: pure functions, without I/O. This map lists the modules as a payment meets them.

| module | what is in it |
|---|---|
| ``terms`` | what the rules know about a payment method |
| ``order`` | the copy of the order and its parcels, for methods only |
| ``details`` | records of a payment: number, capture wish, refund in progress, loss, chargeback |
| ``books.money`` | the amounts of a payment, and the sums that follow from them |
| ``books.journal`` | the entries of the double-entry journal |
| ``payment`` | the payment itself, with its calls |
| ``call_table`` | the table of calls: what begins each, what ends it, which deed leads out |
| ``moves`` | the table of states and moves; which answers end which request |
| ``drafting`` | ``Draft`` and ``Settled``: the changes, requests, bookings and events of one decision |
| ``order_wishes`` | what the order wants: start, number, capture, new hold, cancellation |
| ``answers`` | everything that a provider can report |
| ``reports.checking`` | is an answer about the request, and can the books hold it? |
| ``reports.objects`` | is the reported object one of this payment, and is it still reported? |
| ``reports.known`` | does an answer report anything new? |
| ``contradictions.disown`` | a reported object belongs to another order, as staff decided |
| ``contradictions.count_again`` | a disowned object counts for the order again |
| ``contradictions.deny`` | a request in progress was not done, as staff saw |
| ``settling`` | what one answer means; it calls the modules below |
| ``numbers`` | publishes the number with which the buyer pays |
| ``receipts`` | books money that comes in, and receipts that a till takes back |
| ``refunds.answers`` | which reported refund is Noren's, and what ends its request |
| ``refunds.mismatches`` | a known refund that is reported with another amount, or no longer |
| ``refunds.bookings`` | books money that goes back |
| ``refunds.taking_back`` | takes a booked refund back: losses first, then money for the order |
| ``refunds.names`` | the names and routes of booked refunds |
| ``chargebacks`` | opens, decides and reopens a chargeback |
| ``holds.ends`` | releases or ends a hold, and requests it once more |
| ``holds.others`` | holds and charges of others on the agreement with the buyer |
| ``standing`` | publishes unusual changes, after all answers of a batch |
| ``next_look`` | when the payment is looked up next |
"""
