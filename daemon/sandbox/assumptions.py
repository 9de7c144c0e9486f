"""Every UNCONFIRMED choice of the vendors' sheets, in one place, so that a real capture can replace it."""

from dataclasses import dataclass


@dataclass(slots=True)
class Assumptions:
    """Settable at run time through /_sandbox/assumptions."""

    # Brightpearl
    requests_per_minute: int = 200
    multi_message_costs_each: bool = False  # one unit per member instead of one per message
    search_lag_seconds: float = 2.0
    payment_lag_seconds: float = 0.0
    note_lag_seconds: float = 0.0  # of order notes
    lag_varies: bool = False  # each record takes its own share of the lag
    rows_later_seconds: float = 0.0  # a credit's header is there at once, its rows are seen so much later
    reference_form: str = "exact"  # how references are kept: exact, lower, upper, none
    reference_length: int = 0  # references are cut to so many characters; 0: they are not
    reference_search_folds: bool = True  # a search by reference looks for what was kept, not for what was sent
    created_status: int = 201  # of a sales credit; 200 for a duplicate
    knows_keys: bool = True  # whether externalRef, transactionRef and userBatchReference are held unique at all
    duplicate_has_body: bool = True
    duplicate_payment_status: int = 400
    close_seconds: float = 1.0  # how long an invoice stays pending
    close_sticks_share: float = 0.02  # closes that stay pending until asked again
    instance_id: int | None = 11  # reply header; None as for a private app
    shuffle_results: bool = True
    money_decimals: int = (
        2  # of a row's tax and a payment, whatever the currency has; what has more is refused or rounded
    )
    echoes_row_references: bool = True  # rows[].externalRef of a credit
    token_life_seconds: float = 604800.0
    rotate_refresh_token: bool = True
    clock_offset_seconds: float = 0.0  # how far the vendors' own clocks are ahead of this machine's
    # Happy Returns
    bucket_rate: float = 0.5
    bucket_size: float = 30.0
    per_item_times: bool = True  # startedAt, droppedOffAt, approvedAt in items
    per_item_ids: bool = True  # happyReturnsItemID, happyReturnsExpressCode
    amounts: bool = True
    type_dropped_off: str = "dropped-off"
    type_approved: str = "approved"
    type_expired: str = "expired"
    webhook_timeout_seconds: float = 10.0
    webhook_retry_seconds: tuple[float, ...] = (60, 300, 1800, 7200, 21600, 86400)
    keep_webhooks: bool = False  # keep every body that was sent, for whoever wants to send it again
    spells_reads: str = ""  # how a return read spells ids: "", capitals, small, swapped, wide or padded
    spells_webhooks: str = ""  # how webhooks spell them
    spells_shipments: str = ""  # how hub shipments spell them
    expiry_days: int = 30
    snapshot_lag_seconds: float = 0.0  # how far the return read lags behind the webhook
