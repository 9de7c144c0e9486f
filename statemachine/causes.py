"""Why a return stops: one code a cause, with the team that owns it, its clock and what to do next. Data only."""

from dataclasses import dataclass
from datetime import timedelta

CUSTOMER_SERVICE = "customer-service"
FINANCE = "finance"
WAREHOUSE = "warehouse"
OPERATIONS = "operations"
TEAMS = (CUSTOMER_SERVICE, FINANCE, WAREHOUSE, OPERATIONS)

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Cause:
    code: str
    owner: str
    clock: timedelta
    """How long the owner has before the next rung of the ladder is told."""
    means: str
    """What it means now, for the customer and the books."""
    next_step: str
    is_waivable: bool = False
    """A person may say that it is all right: `homeward exception accept`. Others must be mended, not accepted."""
    is_urgent: bool = False
    """Money may have been paid twice, or is about to be: told within minutes, in quiet hours too."""


def _causes(*causes: Cause) -> dict[str, Cause]:
    table = {cause.code: cause for cause in causes}
    assert len(table) == len(causes), "a cause code appears twice"
    return table


_NOT_REFUNDED = "The credit does not exist; do not tell the customer that they were refunded."
_AGAIN = "Then: homeward exception retry ID --reason fixed"
_WATCHED = "It is decided again by itself when that changes."
_MAP = "homeward map lint; homeward map what-if; homeward map accept"
_ACCEPT = "homeward exception accept ID --reason TEXT"

SAME_GOODS = "same-goods"
"""The cause of a return whose goods another return holds."""
OF_OTHER_CREDITS = frozenset({"rival-credit", "credit-cancelled", "credit-differs", "record-vanished", SAME_GOODS})
"""What others did to, or beside, a credit of ours. No money moves while it stands."""
OF_OTHERS = OF_OTHER_CREDITS | {"refund-twice", "refund-elsewhere"}
"""What others did to, or beside, anything we wrote. Trying again changes nothing: it must be seen to be gone, or accepted."""
SEEN_IN_BRIGHTPEARL = OF_OTHERS - {SAME_GOODS} | {"refund-differs"}
"""What reading Brightpearl again shows to stand or to be gone. Who holds goods is known from our returns alone."""
BY_NUMBER = frozenset({"rival-credit", "refund-twice", "refund-elsewhere"})
"""What is accepted of these is what the evidence named: another credit or payment that comes later is told of again."""
OF_THE_REFUND = frozenset(
    {"refund-method-unknown", "refund-split", "refund-differs", "refund-twice", "refund-elsewhere", "payment-refused"}
)
"""What keeps a refund from being recorded; over once it is."""
OF_THE_GOODS = frozenset({"unit-missing", "wrong-item"})
"""What the warehouse found. Nothing a credit does wipes it, and no credit is begun while it stands."""
STANDING = OF_THE_GOODS | {"held"}
"""What ends only by a person's word; what becomes of the credit meanwhile is kept, and changes nothing about it."""

CAUSES: dict[str, Cause] = _causes(
    # Nothing is wrong: what a verdict says when it stops nobody
    Cause("in-order", OPERATIONS, timedelta(hours=1), "Nothing stands in the way of the credit.",
          "Nothing: the credit is made now."),
    Cause("credit-exists", OPERATIONS, timedelta(hours=1), "The credit of this return exists already and is taken over.",
          "Nothing: the credit found is read back and kept."),
    # Finding the order, and the order's own state
    Cause("order-not-found", CUSTOMER_SERVICE, DAY, _NOT_REFUNDED,
          f"Find the order in Brightpearl by the shopper's order number and correct its reference. {_WATCHED}"),
    Cause("order-ambiguous", CUSTOMER_SERVICE, DAY, _NOT_REFUNDED,
          f"Several Brightpearl orders carry this number: make the reference unique. {_WATCHED}"),
    Cause("order-cancelled", CUSTOMER_SERVICE, DAY, _NOT_REFUNDED,
          f"The order was cancelled: check with the shop how the customer was paid back. {_WATCHED}"),
    Cause("order-not-shipped", CUSTOMER_SERVICE, DAY, _NOT_REFUNDED,
          f"The order never left: cancelling or reversing it belongs to the shop. {_WATCHED}"),
    Cause("invoice-pending", FINANCE, timedelta(hours=4), _NOT_REFUNDED,
          f"Brightpearl has not finished the order's invoice: look at it there if this lasts. {_WATCHED}"),
    Cause("order-locked", CUSTOMER_SERVICE, DAY, _NOT_REFUNDED,
          "Brightpearl or policy refuses a credit in the order's present state: release the order, or, where policy holds "
          f"it, {_ACCEPT}. {_WATCHED}", is_waivable=True),
    Cause("order-edited", CUSTOMER_SERVICE, DAY, _NOT_REFUNDED,
          f"The order's rows are not what they were when the goods were sold: compare, correct the order, or {_ACCEPT}",
          is_waivable=True),
    Cause("order-too-old", CUSTOMER_SERVICE, DAY, _NOT_REFUNDED,
          f"The order is older than policy credits by itself: decide, then {_ACCEPT}", is_waivable=True),
    Cause("customer-missing", CUSTOMER_SERVICE, DAY, _NOT_REFUNDED,
          f"Put the customer's contact on the Brightpearl order. {_WATCHED}"),
    Cause("too-large", FINANCE, DAY, _NOT_REFUNDED,
          "The return, its order or the order's credits hold more than is decided by itself: credit it by hand with the "
          f"express code in its reference, or raise policy decision_size_max and restart. {_AGAIN}"),
    # Matching units to rows
    Cause("sku-unknown-to-order", CUSTOMER_SERVICE, DAY, _NOT_REFUNDED,
          "Compare the returned item with the order's rows; correct the order, or map the SKU under [substitutions]. "
          f"{_WATCHED}"),
    Cause("sku-ambiguous", CUSTOMER_SERVICE, DAY, _NOT_REFUNDED,
          "Several order rows fit this item at different prices: decide which one it was, credit it by hand with the "
          f"express code in its reference. {_WATCHED}"),
    Cause("substitution-suspected", CUSTOMER_SERVICE, DAY, _NOT_REFUNDED,
          f"Another article than the sold one is named: see the suggested reading; if it is right for this return, "
          f"{_ACCEPT}; if it always is, add it to the map's [substitutions]. {_WATCHED}", is_waivable=True),
    Cause("bundle-incomplete", CUSTOMER_SERVICE, DAY, _NOT_REFUNDED,
          "Part of a bundle came back: give its components their shares under [bundles] in the map, or credit it by hand."),
    Cause("over-return", CUSTOMER_SERVICE, DAY, _NOT_REFUNDED,
          "More units came back than were sold less what was already credited: find out which credit is wrong. "
          f"{_WATCHED}"),
    Cause("value-above-row", FINANCE, DAY, _NOT_REFUNDED,
          f"Nothing of the row's value is left to credit: check the credits already made against this order. {_WATCHED}"),
    Cause("discount-unclear", FINANCE, DAY, _NOT_REFUNDED,
          "A discount's own tax fits neither the goods of its tax code nor all goods of the order, so what each of them cost "
          f"is unknown: split the row by tax code in Brightpearl, or, if it is spread over all goods by value, {_ACCEPT}. "
          f"{_WATCHED}", is_waivable=True),
    # Codes and maps
    Cause("tax-code-missing", FINANCE, DAY, _NOT_REFUNDED,
          f"The order row carries no tax code: correct the row in Brightpearl. {_WATCHED}"),
    Cause("tax-code-unknown", FINANCE, DAY, _NOT_REFUNDED,
          f"The tax code is missing or inactive in Brightpearl: restore it, or map it under [tax]. {_MAP}"),
    Cause("tax-rate-differs", FINANCE, DAY, _NOT_REFUNDED,
          "The row was taxed at another rate than its code has now: map the code that fits under [tax], or "
          f"{_ACCEPT}", is_waivable=True),
    Cause("nominal-unknown", FINANCE, DAY, _NOT_REFUNDED,
          f"The nominal code is missing or inactive in Brightpearl: restore it, or map it under [nominal]. {_MAP}"),
    Cause("reason-unmapped", FINANCE, DAY, _NOT_REFUNDED,
          f"Add the return reason, or a default \"*\", under [reasons] in the map. {_MAP}"),
    Cause("warehouse-unmapped", WAREHOUSE, DAY, "The goods are here but not in Brightpearl's stock.",
          f"Add the destination under [warehouses] in the map. {_MAP} {_AGAIN}"),
    # Money
    Cause("period-locked", FINANCE, DAY, _NOT_REFUNDED,
          f"The accounting period is locked: the credit is dated after the lock, or waits until it opens. {_WATCHED}"),
    Cause("awaits-authorisation", FINANCE, DAY, "The credit exists but nobody has authorised it; nothing is refunded yet.",
          f"Give the credit the authorised status in Brightpearl. {_WATCHED}"),
    Cause("value-ceiling", FINANCE, DAY, _NOT_REFUNDED,
          f"Worth more than policy credits by itself: decide, then {_ACCEPT}", is_waivable=True),
    Cause("nothing-to-refund", FINANCE, DAY, "The customer paid nothing for these goods; they are to be restocked only.",
          f"If that is right, {_ACCEPT}: a credit over nothing takes the goods back in.", is_waivable=True),
    Cause("currency-unknown", FINANCE, DAY, _NOT_REFUNDED,
          "The order's currency is none of ISO 4217 in force, so nobody can say what its smallest coin is: correct the "
          f"currency of the order in Brightpearl, or credit by hand with the express code in its reference. {_WATCHED}"),
    Cause("amount-unusable", FINANCE, DAY, _NOT_REFUNDED,
          "Brightpearl states an amount that cannot be paid in its currency, or is larger than can be kept: correct the row "
          f"in the evidence, or credit by hand with the express code in its reference. {_WATCHED}"),
    Cause("announcement-unreadable", FINANCE, DAY, _NOT_REFUNDED,
          "Happy Returns states a refund or fee that cannot be read, or cannot be paid in the order's currency: look in its "
          f"dashboard; to credit by the order's rows alone, without that fee, {_ACCEPT}", is_waivable=True),
    Cause("currency-differs", FINANCE, DAY, _NOT_REFUNDED,
          "Happy Returns and the order name different currencies: credit by hand what is right, with the express "
          f"code in its reference. {_WATCHED}"),
    Cause("refund-type-unknown", CUSTOMER_SERVICE, DAY, _NOT_REFUNDED,
          "Happy Returns names an outcome we do not know, or that nothing is refunded: decide, and credit by hand with the "
          "express code in its reference; if that word always means the same, add it to the map's [refund_types]. "
          f"{_WATCHED}"),
    Cause("fee-unmapped", FINANCE, DAY, _NOT_REFUNDED,
          "Decide how shopper fees are booked: set [fees.processing] in the map and policy on_processing_fee = "
          f"\"deduct\", or \"ignore\" to credit without them; a changed setting needs a restart. {_AGAIN}"),
    Cause("fee-above-credit", FINANCE, DAY, _NOT_REFUNDED,
          "The fees are as much as the goods are worth: credit by hand what the customer gets, with the express code in "
          f"its reference. {_WATCHED}"),
    Cause("amount-differs", FINANCE, DAY, _NOT_REFUNDED,
          f"Happy Returns and the order's rows give different sums: if the rows are right, {_ACCEPT}", is_waivable=True),
    Cause("mixed-outcomes", CUSTOMER_SERVICE, DAY, _NOT_REFUNDED,
          "Refund, exchange and store credit stand in one return: credit it by hand with the express code in its "
          f"reference. {_WATCHED}"),
    Cause("money-unfinished", FINANCE, DAY, "The goods are back, but refund or invoice is missing in Brightpearl.",
          f"Look at the effects: homeward effect list --return ID. {_AGAIN}"),
    Cause("exchange", CUSTOMER_SERVICE, DAY, "An exchange: the books need a person's decision, the refund is not due.",
          "Check that the exchange order exists; set policy on_exchange = \"credit\" and restart to credit such returns. "
          f"{_AGAIN}"),
    Cause("refund-twice", FINANCE, timedelta(hours=4), "More is recorded as refunded than was credited; the customer may "
          "have been paid twice.",
          "Compare the payments in the evidence; delete the one in Brightpearl that stands for no money, or claim the money "
          f"back. If all of them are right, {_ACCEPT}. It is looked at again by itself.", is_waivable=True, is_urgent=True),
    Cause("refund-differs", FINANCE, DAY, "A refund is recorded on the credit, of another sum than is due.",
          f"Record what is missing in Brightpearl, or if what is recorded is all that is owed, {_ACCEPT}. It is looked at "
          "again by itself.", is_waivable=True),
    Cause("refund-elsewhere", FINANCE, timedelta(hours=4), "A refund stands on the order itself; another on the credit could "
          "pay twice.",
          f"Find out what that refund was for; if it was not for these goods, {_ACCEPT}. If it was, delete it there and "
          "enter it on the credit: it is found and taken over.", is_waivable=True, is_urgent=True),
    Cause("refund-split", FINANCE, DAY, "The credit exists; the refund is not recorded, since the order was paid in several "
          "ways.",
          "Record in Brightpearl what goes to each method, in all what the credit is worth: it is found and taken over. Or, "
          f"to record all of it with the largest, {_ACCEPT}", is_waivable=True),
    Cause("refund-method-unknown", FINANCE, DAY, "The credit exists; the refund is not recorded in Brightpearl.",
          f"Set policy refund_payment_method, or record the payment by hand. {_AGAIN}"),
    # What Brightpearl said
    Cause("credit-refused", FINANCE, DAY, _NOT_REFUNDED,
          f"Brightpearl refused the credit; its code and message are in the evidence. {_AGAIN}"),
    Cause("credit-differs", FINANCE, DAY, "A credit exists but is not what was asked for, or not what it was.",
          "Compare both sides in the evidence; correct the credit in Brightpearl, or if it is right as it is, "
          f"{_ACCEPT}: then its own sum is what is refunded. It is looked at again by itself.", is_waivable=True),
    Cause("credit-cancelled", FINANCE, DAY, "Our credit was cancelled by somebody; the customer is not refunded.",
          "If it was refused for good reason, tell the customer; else credit by hand with the express code in its "
          f"reference: that is taken over. {_WATCHED}"),
    Cause("record-vanished", FINANCE, timedelta(hours=4), "What Brightpearl had acknowledged and shown (the credit, its "
          "refund or its goods-in note, by the evidence) is not there any more.",
          "Find out who removed it. If it is to exist, have it made anew: homeward exception reissue ID --reason CODE --note "
          "TEXT. It is looked for again by itself.", is_urgent=True),
    Cause("rival-credit", FINANCE, DAY, "Somebody else credited this order; another credit could pay twice.",
          "If that credit is for this return, write the express code into its reference; if it is a mistake, cancel it; "
          f"if both are right and goods are left to credit, {_ACCEPT}. {_WATCHED}", is_waivable=True, is_urgent=True),
    Cause(SAME_GOODS, FINANCE, DAY,
          "Another return holds these very goods, and may have been paid for them; this one has no credit: do not tell the "
          "customer that they were refunded twice.",
          "Compare both returns in the evidence. The same goods: homeward exception same-goods ID --do adopt --reason CODE "
          "--note TEXT (the other return stands and gets what is still to come), --do merge (this one stands, the other "
          "ends unpaid) or --do refuse. Other goods under a reused id: --do tell-apart. If both were credited already: "
          "cancel the wrong credit in Brightpearl."),
    Cause("evidence-incomplete", OPERATIONS, timedelta(minutes=30), "Brightpearl's answers leave something out: what exists "
          "there is not known, so nothing is written.",
          "See what is missing in the words of the wait; if it goes on, ask Brightpearl support with them. It is read again "
          "by itself every few minutes."),
    Cause("sibling-unknown", OPERATIONS, timedelta(hours=1), "Another return of this order has a credit of which nobody "
          "knows whether it exists; this one waits, so that together they do not credit more than was sold.",
          "Settle the other return first; its number stands in the wait. Then this one goes on by itself."),
    Cause("status-refused", FINANCE, 3 * DAY, "The credit is there; its status, note or custom fields are not as mapped.",
          f"Correct the map or set them by hand. {_AGAIN}"),
    Cause("payment-refused", FINANCE, DAY, "The credit exists; the refund is not recorded in Brightpearl.",
          f"Correct what Brightpearl complains about. {_AGAIN}"),
    Cause("close-refused", FINANCE, DAY, "The credit exists but is not invoiced.",
          f"Close the credit in Brightpearl or correct what it complains about. {_AGAIN}"),
    Cause("close-stuck", FINANCE, DAY, "The credit's invoice stays pending in Brightpearl.",
          f"Ask Brightpearl support, naming the credit. {_AGAIN}"),
    Cause("goods-in-refused", WAREHOUSE, DAY, "The goods are here but not in Brightpearl's stock.",
          f"Correct what Brightpearl complains about, or receive the goods there. {_AGAIN}"),
    Cause("outcome-unknown", OPERATIONS, timedelta(hours=4), "A write may or may not have happened; nothing was repeated.",
          "Look in Brightpearl for the key in the evidence. What turns up is taken over by itself. If it is certain that "
          "Brightpearl lost it: homeward exception reissue ID --reason CODE --note TEXT"),
    # A vendor as a whole is out: nobody of the returns' own teams can do anything
    Cause("vendor-refuses-us", OPERATIONS, timedelta(hours=4), _NOT_REFUNDED,
          "Brightpearl does not accept our token, so nothing can be asked or sent: put one that is in force into its file. "
          "It goes on by itself, and no attempt is used up."),
    Cause("vendor-silent", OPERATIONS, timedelta(hours=4), _NOT_REFUNDED,
          "Brightpearl does not answer: see its status page, then network and proxy. It goes on by itself."),
    Cause("vendor-garbled", OPERATIONS, timedelta(hours=4), _NOT_REFUNDED,
          "Brightpearl's answers cannot be read: see what stands between it and this machine. It goes on by itself."),
    Cause("waited-too-long", OPERATIONS, DAY, _NOT_REFUNDED,
          f"The fact this return waits for did not come about: see the evidence. {_AGAIN}"),
    Cause("internal-error", OPERATIONS, timedelta(hours=4), "Homeward met something it does not understand and stopped.",
          "Report the evidence to the developers. Once it is mended, let the events that were put aside in again: homeward "
          f"event retry. {_AGAIN}"),
    # Goods
    Cause("unit-missing", WAREHOUSE, 2 * DAY, "The bag came without this unit; the money may already be gone.",
          f"Search the bag and box; claim it from Happy Returns. {_AGAIN}"),
    Cause("wrong-item", WAREHOUSE, 2 * DAY, "Another article than the announced one came back.",
          f"Decide with customer service: claw back, or let it be. {_AGAIN}"),
    Cause("goods-not-received", WAREHOUSE, 2 * DAY, "Credited, but the goods never arrived.",
          f"Trace the bag and shipment; claim it from Happy Returns. {_AGAIN}"),
    # People
    Cause("held", OPERATIONS, DAY, "A person has stopped this return: nothing more is done until it is released.",
          "homeward exception release ID --reason TEXT"),
    Cause("credit-not-adoptable", FINANCE, DAY, _NOT_REFUNDED,
          "The credit that was to be taken over is not a credit against this order, or is another return's: name the right "
          "one: homeward return force ID --to credited --adopt CREDIT_ID --reason CODE --note TEXT"),
    Cause("arrived-after-write-off", CUSTOMER_SERVICE, DAY, "Written off, but the goods have come; nothing was credited.",
          "Credit it after all: homeward exception retry ID --reason TEXT; or write it off again: homeward return force ID "
          "--to closed --reason CODE --note TEXT"),
    Cause("credit-after-write-off", FINANCE, DAY,
          "Written off by a person, but the credit that was sent before stands in Brightpearl after all; with one made by "
          "hand, the customer has two.",
          "Look at the order's credits. If another was made by hand, cancel one of the two. If ours is to stand: homeward "
          "exception retry ID --reason TEXT; if it was cancelled: homeward return force ID --to closed --reason CODE "
          "--note TEXT", is_urgent=True),
    # Happy Returns
    Cause("status-unclear", CUSTOMER_SERVICE, DAY, _NOT_REFUNDED,
          "Happy Returns reports progress without saying for which units: look in its dashboard. "
          "If its reports always cover every unit, set assumptions.status_covers_all_items = true."),
    Cause("approve-refused", CUSTOMER_SERVICE, DAY, "The goods are here and sellable; Happy Returns did not approve them.",
          f"Approve the return in Happy Returns' dashboard. {_AGAIN}"),
    Cause("approval-overdue", CUSTOMER_SERVICE, DAY, _NOT_REFUNDED,
          "Handed over long ago and not approved: inspect the goods, or approve in Happy Returns' dashboard."),
    Cause("drop-off-unconfirmed", CUSTOMER_SERVICE, DAY, _NOT_REFUNDED,
          f"A drop-off was announced, but Happy Returns does not confirm it when asked. {_AGAIN}"),
)  # fmt: skip
