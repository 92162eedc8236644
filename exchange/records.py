"""The records of commands and events: offsets, and a writer per event. GENERATED.

A command is read in place: byte offset of each 64-bit field, offset and shift of each small one. An event is appended
to the log by its writer. `python -m exchange.records_generator` writes this file by the rule of `exchange/layout.py`; a
test fails when it is stale.
"""

from typing import Final

from mypy_extensions import i64

from exchange.event_log import EventLog

UNIT_WORDS: Final = 8
UNIT_BYTES: Final = 64

# Commands: the number of each, then the byte offset (and shift) of what is not in the header.
PLACE_ORDER: Final = 1
CANCEL_ORDER: Final = 2
AMEND_ORDER: Final = 3
REDUCE_ORDER: Final = 4
MASS_CANCEL: Final = 5
SET_MARK_PRICE: Final = 6
REPORT_TRADE: Final = 7
EXECUTE_RECORDED: Final = 8
DEPOSIT: Final = 9
WITHDRAW: Final = 10
SET_LEVERAGE: Final = 11
OPEN_POSITION: Final = 12
FUND_DEPOSIT: Final = 13
SET_INDEX_PRICE: Final = 14
SET_FUNDING_RATE: Final = 15
ADVANCE_TIME: Final = 16
SETTLE_INSTRUMENT: Final = 17
SET_MARGIN_MODE: Final = 18
TRANSFER_MARGIN: Final = 19
SET_POSITION_MODE: Final = 20
SET_MARGIN_SCHEDULE: Final = 21
DEPOSIT_ASSET: Final = 23
WITHDRAW_ASSET: Final = 24
SET_INTEREST_RATE: Final = 25
RESTRICT_ACCOUNT: Final = 27
SET_MARKET_STATE: Final = 28
END_SESSION: Final = 29
WRITE_OFF_DEBT: Final = 30
GATE_WITHDRAWALS: Final = 31

PLACE_ORDER_TS_NS: Final = 8
PLACE_ORDER_ORDER_ID: Final = 16
PLACE_ORDER_SIDE: Final = 48
PLACE_ORDER_SIDE_SHIFT: Final = 0
PLACE_ORDER_QTY_LOTS: Final = 24
PLACE_ORDER_PRICE_TICKS: Final = 32
PLACE_ORDER_KIND: Final = 48
PLACE_ORDER_KIND_SHIFT: Final = 8
PLACE_ORDER_TIME_IN_FORCE: Final = 48
PLACE_ORDER_TIME_IN_FORCE_SHIFT: Final = 16
PLACE_ORDER_POST_ONLY: Final = 48
PLACE_ORDER_POST_ONLY_SHIFT: Final = 24
PLACE_ORDER_TRIGGER_TICKS: Final = 40
PLACE_ORDER_ORIGIN: Final = 48
PLACE_ORDER_ORIGIN_SHIFT: Final = 32
PLACE_ORDER_IS_CONTINUED: Final = 48
PLACE_ORDER_IS_CONTINUED_SHIFT: Final = 40
PLACE_ORDER_POSITION: Final = 48
PLACE_ORDER_POSITION_SHIFT: Final = 48

CANCEL_ORDER_TS_NS: Final = 8
CANCEL_ORDER_ORDER_ID: Final = 16
CANCEL_ORDER_ORIGIN: Final = 24
CANCEL_ORDER_ORIGIN_SHIFT: Final = 0
CANCEL_ORDER_IS_CONTINUED: Final = 24
CANCEL_ORDER_IS_CONTINUED_SHIFT: Final = 8

AMEND_ORDER_TS_NS: Final = 8
AMEND_ORDER_ORDER_ID: Final = 16
AMEND_ORDER_QTY_LOTS: Final = 24
AMEND_ORDER_PRICE_TICKS: Final = 32
AMEND_ORDER_TRIGGER_TICKS: Final = 40
AMEND_ORDER_IS_TOTAL_QTY: Final = 48
AMEND_ORDER_IS_TOTAL_QTY_SHIFT: Final = 0
AMEND_ORDER_ORIGIN: Final = 48
AMEND_ORDER_ORIGIN_SHIFT: Final = 8
AMEND_ORDER_IS_CONTINUED: Final = 48
AMEND_ORDER_IS_CONTINUED_SHIFT: Final = 16

REDUCE_ORDER_TS_NS: Final = 8
REDUCE_ORDER_ORDER_ID: Final = 16
REDUCE_ORDER_QTY_LOTS: Final = 24
REDUCE_ORDER_ORIGIN: Final = 32
REDUCE_ORDER_ORIGIN_SHIFT: Final = 0
REDUCE_ORDER_IS_CONTINUED: Final = 32
REDUCE_ORDER_IS_CONTINUED_SHIFT: Final = 8

MASS_CANCEL_TS_NS: Final = 8
MASS_CANCEL_SIDE: Final = 16
MASS_CANCEL_SIDE_SHIFT: Final = 0

SET_MARK_PRICE_TS_NS: Final = 8
SET_MARK_PRICE_PRICE_TICKS: Final = 16

REPORT_TRADE_TS_NS: Final = 8
REPORT_TRADE_SIDE: Final = 32
REPORT_TRADE_SIDE_SHIFT: Final = 0
REPORT_TRADE_PRICE_TICKS: Final = 16
REPORT_TRADE_QTY_LOTS: Final = 24
REPORT_TRADE_IS_CONTINUED: Final = 32
REPORT_TRADE_IS_CONTINUED_SHIFT: Final = 8

EXECUTE_RECORDED_TS_NS: Final = 8
EXECUTE_RECORDED_ORDER_ID: Final = 16
EXECUTE_RECORDED_SIDE: Final = 40
EXECUTE_RECORDED_SIDE_SHIFT: Final = 0
EXECUTE_RECORDED_PRICE_TICKS: Final = 24
EXECUTE_RECORDED_QTY_LOTS: Final = 32
EXECUTE_RECORDED_IS_CONTINUED: Final = 40
EXECUTE_RECORDED_IS_CONTINUED_SHIFT: Final = 8

DEPOSIT_TS_NS: Final = 8
DEPOSIT_AMOUNT: Final = 16

WITHDRAW_TS_NS: Final = 8
WITHDRAW_AMOUNT: Final = 16

SET_LEVERAGE_TS_NS: Final = 8
SET_LEVERAGE_LEVERAGE: Final = 16

OPEN_POSITION_TS_NS: Final = 8
OPEN_POSITION_SIZE_LOTS: Final = 16
OPEN_POSITION_PRICE_TICKS: Final = 24

FUND_DEPOSIT_TS_NS: Final = 8
FUND_DEPOSIT_AMOUNT: Final = 16

SET_INDEX_PRICE_TS_NS: Final = 8
SET_INDEX_PRICE_PRICE_TICKS: Final = 16
SET_INDEX_PRICE_LEG: Final = 24

SET_FUNDING_RATE_TS_NS: Final = 8
SET_FUNDING_RATE_RATE_PPB: Final = 16

ADVANCE_TIME_TS_NS: Final = 8

SETTLE_INSTRUMENT_TS_NS: Final = 8
SETTLE_INSTRUMENT_PRICE_TICKS: Final = 16

SET_MARGIN_MODE_TS_NS: Final = 8
SET_MARGIN_MODE_MODE: Final = 16
SET_MARGIN_MODE_MODE_SHIFT: Final = 0

TRANSFER_MARGIN_TS_NS: Final = 8
TRANSFER_MARGIN_AMOUNT: Final = 16

SET_POSITION_MODE_TS_NS: Final = 8
SET_POSITION_MODE_IS_HEDGE: Final = 16
SET_POSITION_MODE_IS_HEDGE_SHIFT: Final = 0

SET_MARGIN_SCHEDULE_TS_NS: Final = 8
SET_MARGIN_SCHEDULE_SCHEDULE: Final = 16
SET_MARGIN_SCHEDULE_IS_FOR_NEW_ONLY: Final = 24
SET_MARGIN_SCHEDULE_IS_FOR_NEW_ONLY_SHIFT: Final = 0

DEPOSIT_ASSET_TS_NS: Final = 8
DEPOSIT_ASSET_QTY_LOTS: Final = 16

WITHDRAW_ASSET_TS_NS: Final = 8
WITHDRAW_ASSET_QTY_LOTS: Final = 16

SET_INTEREST_RATE_TS_NS: Final = 8
SET_INTEREST_RATE_RATE_PPB: Final = 16

RESTRICT_ACCOUNT_TS_NS: Final = 8
RESTRICT_ACCOUNT_IS_RESTRICTED: Final = 16
RESTRICT_ACCOUNT_IS_RESTRICTED_SHIFT: Final = 0

SET_MARKET_STATE_TS_NS: Final = 8
SET_MARKET_STATE_STATE: Final = 16
SET_MARKET_STATE_STATE_SHIFT: Final = 0

END_SESSION_TS_NS: Final = 8

WRITE_OFF_DEBT_TS_NS: Final = 8

GATE_WITHDRAWALS_TS_NS: Final = 8
GATE_WITHDRAWALS_UNTIL_NS: Final = 16

# Events: the same.
EVENT_ORDER_ACCEPTED: Final = 1
EVENT_ORDER_REJECTED: Final = 2
EVENT_TRADE: Final = 3
EVENT_ORDER_CANCELED: Final = 4
EVENT_ORDER_AMENDED: Final = 5
EVENT_STOP_TRIGGERED: Final = 6
EVENT_TRADE_REPORTED: Final = 7
EVENT_RECORDED_CLIPPED: Final = 8
EVENT_MARK_PRICE_UPDATED: Final = 9
EVENT_REQUEST_REJECTED: Final = 10
EVENT_DEPOSITED: Final = 11
EVENT_WITHDRAWN: Final = 12
EVENT_LEVERAGE_SET: Final = 13
EVENT_POSITION_OPENED: Final = 14
EVENT_POSITION_CHANGED: Final = 15
EVENT_FUND_DEPOSITED: Final = 16
EVENT_LIQUIDATION_STARTED: Final = 17
EVENT_LIQUIDATION_ORDER_PLACED: Final = 18
EVENT_POSITION_TAKEN_OVER: Final = 19
EVENT_SURPLUS_PAID: Final = 20
EVENT_FUND_PAID: Final = 21
EVENT_LOSS_SOCIALIZED: Final = 22
EVENT_HAIRCUT_CHARGED: Final = 23
EVENT_VENUE_LOSS_BOOKED: Final = 24
EVENT_LIQUIDATION_ENDED: Final = 25
EVENT_INDEX_PRICE_UPDATED: Final = 26
EVENT_FUNDING_RATE_SET: Final = 27
EVENT_FUNDING_SETTLED: Final = 28
EVENT_FUNDING_PAID: Final = 29
EVENT_INSTRUMENT_SETTLED: Final = 30
EVENT_POSITION_SETTLED: Final = 31
EVENT_MARGIN_MODE_SET: Final = 33
EVENT_ISOLATED_MARGIN_TRANSFERRED: Final = 34
EVENT_POSITION_MODE_SET: Final = 35
EVENT_MARGIN_SCHEDULE_SET: Final = 36
EVENT_PAIR_NETTED: Final = 37
EVENT_BACKSTOP_MISSING: Final = 38
EVENT_LENDER_CUT: Final = 39
EVENT_ASSET_DEPOSITED: Final = 40
EVENT_ASSET_WITHDRAWN: Final = 41
EVENT_LOAN_CHANGED: Final = 42
EVENT_INTEREST_CHARGED: Final = 43
EVENT_INTEREST_RATE_SET: Final = 44
EVENT_LEVEL_CROSSED: Final = 45
EVENT_ACCOUNT_RESTRICTED: Final = 46
EVENT_MARKET_STATE_SET: Final = 47
EVENT_LIQUIDATION_FEE_CHARGED: Final = 48
EVENT_POSITION_TRANSFERRED: Final = 49
EVENT_DISPOSAL_ORDER_PLACED: Final = 50
EVENT_MARGIN_TRANSFERRED: Final = 51
EVENT_DELEVERAGING_STARTED: Final = 52
EVENT_POSITION_DELEVERAGED: Final = 53
EVENT_FUND_DRAWDOWN_CHANGED: Final = 54
EVENT_DEFICIT_PAID: Final = 55
EVENT_LOSS_DEFERRED: Final = 56
EVENT_SESSION_ENDED: Final = 57
EVENT_PROFIT_CLAWED_BACK: Final = 58
EVENT_DEBT_BOOKED: Final = 59
EVENT_DEBT_REPAID: Final = 60
EVENT_LOSS_WRITTEN_OFF: Final = 61
EVENT_WITHDRAWALS_GATED: Final = 62

EVENT_ORDER_ACCEPTED_COMMAND_SEQ: Final = 8
EVENT_ORDER_ACCEPTED_TS_NS: Final = 16
EVENT_ORDER_ACCEPTED_ORDER_ID: Final = 24
EVENT_ORDER_ACCEPTED_PRICE_TICKS: Final = 32
EVENT_ORDER_ACCEPTED_QTY_LOTS: Final = 40
EVENT_ORDER_ACCEPTED_TRIGGER_TICKS: Final = 48
EVENT_ORDER_ACCEPTED_SIDE: Final = 56
EVENT_ORDER_ACCEPTED_SIDE_SHIFT: Final = 0
EVENT_ORDER_ACCEPTED_KIND: Final = 56
EVENT_ORDER_ACCEPTED_KIND_SHIFT: Final = 8
EVENT_ORDER_ACCEPTED_TIME_IN_FORCE: Final = 56
EVENT_ORDER_ACCEPTED_TIME_IN_FORCE_SHIFT: Final = 16
EVENT_ORDER_ACCEPTED_POST_ONLY: Final = 56
EVENT_ORDER_ACCEPTED_POST_ONLY_SHIFT: Final = 24
EVENT_ORDER_ACCEPTED_ORIGIN: Final = 56
EVENT_ORDER_ACCEPTED_ORIGIN_SHIFT: Final = 32

EVENT_ORDER_REJECTED_COMMAND_SEQ: Final = 8
EVENT_ORDER_REJECTED_TS_NS: Final = 16
EVENT_ORDER_REJECTED_ORDER_ID: Final = 24
EVENT_ORDER_REJECTED_REQUEST: Final = 32
EVENT_ORDER_REJECTED_REQUEST_SHIFT: Final = 0
EVENT_ORDER_REJECTED_REASON: Final = 32
EVENT_ORDER_REJECTED_REASON_SHIFT: Final = 8

EVENT_TRADE_COMMAND_SEQ: Final = 8
EVENT_TRADE_TS_NS: Final = 16
EVENT_TRADE_MAKER_ORDER_ID: Final = 24
EVENT_TRADE_TAKER_ORDER_ID: Final = 32
EVENT_TRADE_PRICE_TICKS: Final = 40
EVENT_TRADE_QTY_LOTS: Final = 48
EVENT_TRADE_TAKER_ACCOUNT: Final = 56
EVENT_TRADE_TAKER_ACCOUNT_SHIFT: Final = 0
EVENT_TRADE_SIDE: Final = 56
EVENT_TRADE_SIDE_SHIFT: Final = 32

EVENT_ORDER_CANCELED_COMMAND_SEQ: Final = 8
EVENT_ORDER_CANCELED_TS_NS: Final = 16
EVENT_ORDER_CANCELED_ORDER_ID: Final = 24
EVENT_ORDER_CANCELED_PRICE_TICKS: Final = 32
EVENT_ORDER_CANCELED_QTY_LOTS: Final = 40
EVENT_ORDER_CANCELED_LIQUIDATION_ID: Final = 48
EVENT_ORDER_CANCELED_SIDE: Final = 56
EVENT_ORDER_CANCELED_SIDE_SHIFT: Final = 0
EVENT_ORDER_CANCELED_REASON: Final = 56
EVENT_ORDER_CANCELED_REASON_SHIFT: Final = 8

EVENT_ORDER_AMENDED_COMMAND_SEQ: Final = 8
EVENT_ORDER_AMENDED_TS_NS: Final = 16
EVENT_ORDER_AMENDED_ORDER_ID: Final = 24
EVENT_ORDER_AMENDED_PRICE_TICKS: Final = 32
EVENT_ORDER_AMENDED_QTY_LOTS: Final = 40
EVENT_ORDER_AMENDED_TRIGGER_TICKS: Final = 48
EVENT_ORDER_AMENDED_SIDE: Final = 56
EVENT_ORDER_AMENDED_SIDE_SHIFT: Final = 0
EVENT_ORDER_AMENDED_KEPT_PRIORITY: Final = 56
EVENT_ORDER_AMENDED_KEPT_PRIORITY_SHIFT: Final = 8

EVENT_STOP_TRIGGERED_COMMAND_SEQ: Final = 8
EVENT_STOP_TRIGGERED_TS_NS: Final = 16
EVENT_STOP_TRIGGERED_ORDER_ID: Final = 24
EVENT_STOP_TRIGGERED_TRIGGER_TICKS: Final = 32
EVENT_STOP_TRIGGERED_LAST_TICKS: Final = 40
EVENT_STOP_TRIGGERED_QTY_LOTS: Final = 48
EVENT_STOP_TRIGGERED_SIDE: Final = 56
EVENT_STOP_TRIGGERED_SIDE_SHIFT: Final = 0

EVENT_TRADE_REPORTED_COMMAND_SEQ: Final = 8
EVENT_TRADE_REPORTED_TS_NS: Final = 16
EVENT_TRADE_REPORTED_PRICE_TICKS: Final = 24
EVENT_TRADE_REPORTED_QTY_LOTS: Final = 32
EVENT_TRADE_REPORTED_SIDE: Final = 40
EVENT_TRADE_REPORTED_SIDE_SHIFT: Final = 0

EVENT_RECORDED_CLIPPED_COMMAND_SEQ: Final = 8
EVENT_RECORDED_CLIPPED_TS_NS: Final = 16
EVENT_RECORDED_CLIPPED_ORDER_ID: Final = 24
EVENT_RECORDED_CLIPPED_QTY_LOTS: Final = 32
EVENT_RECORDED_CLIPPED_KIND: Final = 40
EVENT_RECORDED_CLIPPED_KIND_SHIFT: Final = 0
EVENT_RECORDED_CLIPPED_ORIGIN: Final = 40
EVENT_RECORDED_CLIPPED_ORIGIN_SHIFT: Final = 8

EVENT_MARK_PRICE_UPDATED_COMMAND_SEQ: Final = 8
EVENT_MARK_PRICE_UPDATED_TS_NS: Final = 16
EVENT_MARK_PRICE_UPDATED_PRICE_TICKS: Final = 24

EVENT_REQUEST_REJECTED_COMMAND_SEQ: Final = 8
EVENT_REQUEST_REJECTED_TS_NS: Final = 16
EVENT_REQUEST_REJECTED_AMOUNT: Final = 24
EVENT_REQUEST_REJECTED_REQUEST: Final = 32
EVENT_REQUEST_REJECTED_REQUEST_SHIFT: Final = 0
EVENT_REQUEST_REJECTED_REASON: Final = 32
EVENT_REQUEST_REJECTED_REASON_SHIFT: Final = 8

EVENT_DEPOSITED_COMMAND_SEQ: Final = 8
EVENT_DEPOSITED_TS_NS: Final = 16
EVENT_DEPOSITED_AMOUNT: Final = 24
EVENT_DEPOSITED_BALANCE: Final = 32

EVENT_WITHDRAWN_COMMAND_SEQ: Final = 8
EVENT_WITHDRAWN_TS_NS: Final = 16
EVENT_WITHDRAWN_AMOUNT: Final = 24
EVENT_WITHDRAWN_BALANCE: Final = 32

EVENT_LEVERAGE_SET_COMMAND_SEQ: Final = 8
EVENT_LEVERAGE_SET_TS_NS: Final = 16
EVENT_LEVERAGE_SET_LEVERAGE: Final = 24

EVENT_POSITION_OPENED_COMMAND_SEQ: Final = 8
EVENT_POSITION_OPENED_TS_NS: Final = 16
EVENT_POSITION_OPENED_SIZE_LOTS: Final = 24
EVENT_POSITION_OPENED_PRICE_TICKS: Final = 32
EVENT_POSITION_OPENED_COST: Final = 40

EVENT_POSITION_CHANGED_COMMAND_SEQ: Final = 8
EVENT_POSITION_CHANGED_TS_NS: Final = 16
EVENT_POSITION_CHANGED_SIZE_LOTS: Final = 24
EVENT_POSITION_CHANGED_COST: Final = 32
EVENT_POSITION_CHANGED_REALIZED: Final = 40
EVENT_POSITION_CHANGED_FEE: Final = 48
EVENT_POSITION_CHANGED_BALANCE: Final = 56

EVENT_FUND_DEPOSITED_COMMAND_SEQ: Final = 8
EVENT_FUND_DEPOSITED_TS_NS: Final = 16
EVENT_FUND_DEPOSITED_AMOUNT: Final = 24
EVENT_FUND_DEPOSITED_FUND_BALANCE: Final = 32

EVENT_LIQUIDATION_STARTED_COMMAND_SEQ: Final = 8
EVENT_LIQUIDATION_STARTED_TS_NS: Final = 16
EVENT_LIQUIDATION_STARTED_LIQUIDATION_ID: Final = 24
EVENT_LIQUIDATION_STARTED_EQUITY: Final = 32
EVENT_LIQUIDATION_STARTED_MAINTENANCE: Final = 40
EVENT_LIQUIDATION_STARTED_MARK_TICKS: Final = 48
EVENT_LIQUIDATION_STARTED_TRIGGERED_BY: Final = 56

EVENT_LIQUIDATION_ORDER_PLACED_COMMAND_SEQ: Final = 8
EVENT_LIQUIDATION_ORDER_PLACED_TS_NS: Final = 16
EVENT_LIQUIDATION_ORDER_PLACED_LIQUIDATION_ID: Final = 24
EVENT_LIQUIDATION_ORDER_PLACED_ORDER_ID: Final = 32
EVENT_LIQUIDATION_ORDER_PLACED_PRICE_TICKS: Final = 40
EVENT_LIQUIDATION_ORDER_PLACED_QTY_LOTS: Final = 48
EVENT_LIQUIDATION_ORDER_PLACED_ATTEMPT: Final = 56
EVENT_LIQUIDATION_ORDER_PLACED_ATTEMPT_SHIFT: Final = 0
EVENT_LIQUIDATION_ORDER_PLACED_SIDE: Final = 56
EVENT_LIQUIDATION_ORDER_PLACED_SIDE_SHIFT: Final = 32
EVENT_LIQUIDATION_ORDER_PLACED_KIND: Final = 56
EVENT_LIQUIDATION_ORDER_PLACED_KIND_SHIFT: Final = 40

EVENT_POSITION_TAKEN_OVER_COMMAND_SEQ: Final = 8
EVENT_POSITION_TAKEN_OVER_TS_NS: Final = 16
EVENT_POSITION_TAKEN_OVER_LIQUIDATION_ID: Final = 24
EVENT_POSITION_TAKEN_OVER_SIZE_LOTS: Final = 32
EVENT_POSITION_TAKEN_OVER_PRICE_TICKS: Final = 40
EVENT_POSITION_TAKEN_OVER_VALUE: Final = 48

EVENT_SURPLUS_PAID_COMMAND_SEQ: Final = 8
EVENT_SURPLUS_PAID_TS_NS: Final = 16
EVENT_SURPLUS_PAID_LIQUIDATION_ID: Final = 24
EVENT_SURPLUS_PAID_AMOUNT: Final = 32
EVENT_SURPLUS_PAID_FUND_BALANCE: Final = 40

EVENT_FUND_PAID_COMMAND_SEQ: Final = 8
EVENT_FUND_PAID_TS_NS: Final = 16
EVENT_FUND_PAID_LIQUIDATION_ID: Final = 24
EVENT_FUND_PAID_DEFICIT: Final = 32
EVENT_FUND_PAID_AMOUNT: Final = 40
EVENT_FUND_PAID_FUND_BALANCE: Final = 48
EVENT_FUND_PAID_LIMIT: Final = 56
EVENT_FUND_PAID_LIMIT_SHIFT: Final = 0

EVENT_LOSS_SOCIALIZED_COMMAND_SEQ: Final = 8
EVENT_LOSS_SOCIALIZED_TS_NS: Final = 16
EVENT_LOSS_SOCIALIZED_LIQUIDATION_ID: Final = 24
EVENT_LOSS_SOCIALIZED_DEFICIT: Final = 32
EVENT_LOSS_SOCIALIZED_BASE: Final = 40
EVENT_LOSS_SOCIALIZED_CHARGED: Final = 48
EVENT_LOSS_SOCIALIZED_PAYERS: Final = 56
EVENT_LOSS_SOCIALIZED_PAYERS_SHIFT: Final = 0
EVENT_LOSS_SOCIALIZED_BY: Final = 56
EVENT_LOSS_SOCIALIZED_BY_SHIFT: Final = 32

EVENT_HAIRCUT_CHARGED_COMMAND_SEQ: Final = 8
EVENT_HAIRCUT_CHARGED_TS_NS: Final = 16
EVENT_HAIRCUT_CHARGED_LIQUIDATION_ID: Final = 24
EVENT_HAIRCUT_CHARGED_AMOUNT: Final = 32
EVENT_HAIRCUT_CHARGED_PROFIT: Final = 40
EVENT_HAIRCUT_CHARGED_COST: Final = 48

EVENT_VENUE_LOSS_BOOKED_COMMAND_SEQ: Final = 8
EVENT_VENUE_LOSS_BOOKED_TS_NS: Final = 16
EVENT_VENUE_LOSS_BOOKED_LIQUIDATION_ID: Final = 24
EVENT_VENUE_LOSS_BOOKED_AMOUNT: Final = 32
EVENT_VENUE_LOSS_BOOKED_TOTAL: Final = 40

EVENT_LIQUIDATION_ENDED_COMMAND_SEQ: Final = 8
EVENT_LIQUIDATION_ENDED_TS_NS: Final = 16
EVENT_LIQUIDATION_ENDED_LIQUIDATION_ID: Final = 24
EVENT_LIQUIDATION_ENDED_BALANCE: Final = 32
EVENT_LIQUIDATION_ENDED_OUTCOME: Final = 40
EVENT_LIQUIDATION_ENDED_OUTCOME_SHIFT: Final = 0

EVENT_INDEX_PRICE_UPDATED_COMMAND_SEQ: Final = 8
EVENT_INDEX_PRICE_UPDATED_TS_NS: Final = 16
EVENT_INDEX_PRICE_UPDATED_PRICE_TICKS: Final = 24
EVENT_INDEX_PRICE_UPDATED_LEG_PRICE_TICKS: Final = 32
EVENT_INDEX_PRICE_UPDATED_LEG: Final = 40
EVENT_INDEX_PRICE_UPDATED_LEGS_USED: Final = 48
EVENT_INDEX_PRICE_UPDATED_OUTLIERS: Final = 56

EVENT_FUNDING_RATE_SET_COMMAND_SEQ: Final = 8
EVENT_FUNDING_RATE_SET_TS_NS: Final = 16
EVENT_FUNDING_RATE_SET_RATE_PPB: Final = 24
EVENT_FUNDING_RATE_SET_PREMIUM_PPB: Final = 32
EVENT_FUNDING_RATE_SET_INTEREST_PPB: Final = 40
EVENT_FUNDING_RATE_SET_DUE_NS: Final = 48
EVENT_FUNDING_RATE_SET_IS_EXTERNAL: Final = 56
EVENT_FUNDING_RATE_SET_IS_EXTERNAL_SHIFT: Final = 0

EVENT_FUNDING_SETTLED_COMMAND_SEQ: Final = 8
EVENT_FUNDING_SETTLED_TS_NS: Final = 16
EVENT_FUNDING_SETTLED_RATE_PPB: Final = 24
EVENT_FUNDING_SETTLED_PRICE_TICKS: Final = 32
EVENT_FUNDING_SETTLED_PAID: Final = 40
EVENT_FUNDING_SETTLED_RECEIVED: Final = 48
EVENT_FUNDING_SETTLED_REMAINDER: Final = 56

EVENT_FUNDING_PAID_COMMAND_SEQ: Final = 8
EVENT_FUNDING_PAID_TS_NS: Final = 16
EVENT_FUNDING_PAID_AMOUNT: Final = 24
EVENT_FUNDING_PAID_SIZE_LOTS: Final = 32
EVENT_FUNDING_PAID_RATE_PPB: Final = 40
EVENT_FUNDING_PAID_BALANCE: Final = 48

EVENT_INSTRUMENT_SETTLED_COMMAND_SEQ: Final = 8
EVENT_INSTRUMENT_SETTLED_TS_NS: Final = 16
EVENT_INSTRUMENT_SETTLED_PRICE_TICKS: Final = 24
EVENT_INSTRUMENT_SETTLED_OPEN_INTEREST_LOTS: Final = 32
EVENT_INSTRUMENT_SETTLED_REMAINDER: Final = 40
EVENT_INSTRUMENT_SETTLED_POSITIONS: Final = 48
EVENT_INSTRUMENT_SETTLED_IS_COMMANDED: Final = 56
EVENT_INSTRUMENT_SETTLED_IS_COMMANDED_SHIFT: Final = 0

EVENT_POSITION_SETTLED_COMMAND_SEQ: Final = 8
EVENT_POSITION_SETTLED_TS_NS: Final = 16
EVENT_POSITION_SETTLED_SIZE_LOTS: Final = 24
EVENT_POSITION_SETTLED_VALUE: Final = 32
EVENT_POSITION_SETTLED_REALIZED: Final = 40
EVENT_POSITION_SETTLED_BALANCE: Final = 48

EVENT_MARGIN_MODE_SET_COMMAND_SEQ: Final = 8
EVENT_MARGIN_MODE_SET_TS_NS: Final = 16
EVENT_MARGIN_MODE_SET_MODE: Final = 24
EVENT_MARGIN_MODE_SET_MODE_SHIFT: Final = 0

EVENT_ISOLATED_MARGIN_TRANSFERRED_COMMAND_SEQ: Final = 8
EVENT_ISOLATED_MARGIN_TRANSFERRED_TS_NS: Final = 16
EVENT_ISOLATED_MARGIN_TRANSFERRED_AMOUNT: Final = 24
EVENT_ISOLATED_MARGIN_TRANSFERRED_BALANCE: Final = 32
EVENT_ISOLATED_MARGIN_TRANSFERRED_POCKET: Final = 40
EVENT_ISOLATED_MARGIN_TRANSFERRED_REASON: Final = 48
EVENT_ISOLATED_MARGIN_TRANSFERRED_REASON_SHIFT: Final = 0

EVENT_POSITION_MODE_SET_COMMAND_SEQ: Final = 8
EVENT_POSITION_MODE_SET_TS_NS: Final = 16
EVENT_POSITION_MODE_SET_IS_HEDGE: Final = 24
EVENT_POSITION_MODE_SET_IS_HEDGE_SHIFT: Final = 0

EVENT_MARGIN_SCHEDULE_SET_COMMAND_SEQ: Final = 8
EVENT_MARGIN_SCHEDULE_SET_TS_NS: Final = 16
EVENT_MARGIN_SCHEDULE_SET_SCHEDULE: Final = 24
EVENT_MARGIN_SCHEDULE_SET_POSITIONS: Final = 32
EVENT_MARGIN_SCHEDULE_SET_IS_FOR_NEW_ONLY: Final = 40
EVENT_MARGIN_SCHEDULE_SET_IS_FOR_NEW_ONLY_SHIFT: Final = 0

EVENT_PAIR_NETTED_COMMAND_SEQ: Final = 8
EVENT_PAIR_NETTED_TS_NS: Final = 16
EVENT_PAIR_NETTED_LIQUIDATION_ID: Final = 24
EVENT_PAIR_NETTED_QTY_LOTS: Final = 32
EVENT_PAIR_NETTED_PRICE_TICKS: Final = 40
EVENT_PAIR_NETTED_VALUE: Final = 48

EVENT_BACKSTOP_MISSING_COMMAND_SEQ: Final = 8
EVENT_BACKSTOP_MISSING_TS_NS: Final = 16
EVENT_BACKSTOP_MISSING_LIQUIDATION_ID: Final = 24
EVENT_BACKSTOP_MISSING_TAKER: Final = 32
EVENT_BACKSTOP_MISSING_TAKER_SHIFT: Final = 0

EVENT_LENDER_CUT_COMMAND_SEQ: Final = 8
EVENT_LENDER_CUT_TS_NS: Final = 16
EVENT_LENDER_CUT_LIQUIDATION_ID: Final = 24
EVENT_LENDER_CUT_AMOUNT: Final = 32
EVENT_LENDER_CUT_PRINCIPAL: Final = 40
EVENT_LENDER_CUT_BALANCE: Final = 48

EVENT_ASSET_DEPOSITED_COMMAND_SEQ: Final = 8
EVENT_ASSET_DEPOSITED_TS_NS: Final = 16
EVENT_ASSET_DEPOSITED_QTY_LOTS: Final = 24
EVENT_ASSET_DEPOSITED_VALUE: Final = 32
EVENT_ASSET_DEPOSITED_SIZE_LOTS: Final = 40
EVENT_ASSET_DEPOSITED_COST: Final = 48
EVENT_ASSET_DEPOSITED_BALANCE: Final = 56

EVENT_ASSET_WITHDRAWN_COMMAND_SEQ: Final = 8
EVENT_ASSET_WITHDRAWN_TS_NS: Final = 16
EVENT_ASSET_WITHDRAWN_QTY_LOTS: Final = 24
EVENT_ASSET_WITHDRAWN_VALUE: Final = 32
EVENT_ASSET_WITHDRAWN_SIZE_LOTS: Final = 40
EVENT_ASSET_WITHDRAWN_COST: Final = 48
EVENT_ASSET_WITHDRAWN_BALANCE: Final = 56

EVENT_LOAN_CHANGED_COMMAND_SEQ: Final = 8
EVENT_LOAN_CHANGED_TS_NS: Final = 16
EVENT_LOAN_CHANGED_DEBT: Final = 24
EVENT_LOAN_CHANGED_DEBT_BEFORE: Final = 32
EVENT_LOAN_CHANGED_INTEREST_OWED: Final = 40

EVENT_INTEREST_CHARGED_COMMAND_SEQ: Final = 8
EVENT_INTEREST_CHARGED_TS_NS: Final = 16
EVENT_INTEREST_CHARGED_PRINCIPAL: Final = 24
EVENT_INTEREST_CHARGED_RATE_PPB: Final = 32
EVENT_INTEREST_CHARGED_AMOUNT: Final = 40
EVENT_INTEREST_CHARGED_BALANCE: Final = 48
EVENT_INTEREST_CHARGED_KIND: Final = 56
EVENT_INTEREST_CHARGED_KIND_SHIFT: Final = 0

EVENT_INTEREST_RATE_SET_COMMAND_SEQ: Final = 8
EVENT_INTEREST_RATE_SET_TS_NS: Final = 16
EVENT_INTEREST_RATE_SET_RATE_PPB: Final = 24

EVENT_LEVEL_CROSSED_COMMAND_SEQ: Final = 8
EVENT_LEVEL_CROSSED_TS_NS: Final = 16
EVENT_LEVEL_CROSSED_EQUITY: Final = 24
EVENT_LEVEL_CROSSED_REQUIREMENT: Final = 32
EVENT_LEVEL_CROSSED_CURE: Final = 40
EVENT_LEVEL_CROSSED_LEVEL: Final = 48
EVENT_LEVEL_CROSSED_LEVEL_SHIFT: Final = 0
EVENT_LEVEL_CROSSED_PREVIOUS: Final = 48
EVENT_LEVEL_CROSSED_PREVIOUS_SHIFT: Final = 8

EVENT_ACCOUNT_RESTRICTED_COMMAND_SEQ: Final = 8
EVENT_ACCOUNT_RESTRICTED_TS_NS: Final = 16
EVENT_ACCOUNT_RESTRICTED_IS_RESTRICTED: Final = 24
EVENT_ACCOUNT_RESTRICTED_IS_RESTRICTED_SHIFT: Final = 0

EVENT_MARKET_STATE_SET_COMMAND_SEQ: Final = 8
EVENT_MARKET_STATE_SET_TS_NS: Final = 16
EVENT_MARKET_STATE_SET_STATE: Final = 24
EVENT_MARKET_STATE_SET_STATE_SHIFT: Final = 0
EVENT_MARKET_STATE_SET_PREVIOUS: Final = 24
EVENT_MARKET_STATE_SET_PREVIOUS_SHIFT: Final = 8

EVENT_LIQUIDATION_FEE_CHARGED_COMMAND_SEQ: Final = 8
EVENT_LIQUIDATION_FEE_CHARGED_TS_NS: Final = 16
EVENT_LIQUIDATION_FEE_CHARGED_LIQUIDATION_ID: Final = 24
EVENT_LIQUIDATION_FEE_CHARGED_UNCAPPED: Final = 32
EVENT_LIQUIDATION_FEE_CHARGED_SURPLUS: Final = 40
EVENT_LIQUIDATION_FEE_CHARGED_CHARGED: Final = 48
EVENT_LIQUIDATION_FEE_CHARGED_BALANCE: Final = 56

EVENT_POSITION_TRANSFERRED_COMMAND_SEQ: Final = 8
EVENT_POSITION_TRANSFERRED_TS_NS: Final = 16
EVENT_POSITION_TRANSFERRED_LIQUIDATION_ID: Final = 24
EVENT_POSITION_TRANSFERRED_SIZE_LOTS: Final = 32
EVENT_POSITION_TRANSFERRED_VALUE: Final = 40
EVENT_POSITION_TRANSFERRED_TAKER_VALUE: Final = 48
EVENT_POSITION_TRANSFERRED_TAKER: Final = 56
EVENT_POSITION_TRANSFERRED_TAKER_SHIFT: Final = 0

EVENT_DISPOSAL_ORDER_PLACED_COMMAND_SEQ: Final = 8
EVENT_DISPOSAL_ORDER_PLACED_TS_NS: Final = 16
EVENT_DISPOSAL_ORDER_PLACED_ORDER_ID: Final = 24
EVENT_DISPOSAL_ORDER_PLACED_PRICE_TICKS: Final = 32
EVENT_DISPOSAL_ORDER_PLACED_QTY_LOTS: Final = 40
EVENT_DISPOSAL_ORDER_PLACED_SIZE_LOTS: Final = 48
EVENT_DISPOSAL_ORDER_PLACED_BOOK_LOTS: Final = 56

EVENT_MARGIN_TRANSFERRED_COMMAND_SEQ: Final = 8
EVENT_MARGIN_TRANSFERRED_TS_NS: Final = 16
EVENT_MARGIN_TRANSFERRED_LIQUIDATION_ID: Final = 24
EVENT_MARGIN_TRANSFERRED_AMOUNT: Final = 32
EVENT_MARGIN_TRANSFERRED_TAKER_BALANCE: Final = 40
EVENT_MARGIN_TRANSFERRED_TAKER: Final = 48
EVENT_MARGIN_TRANSFERRED_TAKER_SHIFT: Final = 0

EVENT_DELEVERAGING_STARTED_COMMAND_SEQ: Final = 8
EVENT_DELEVERAGING_STARTED_TS_NS: Final = 16
EVENT_DELEVERAGING_STARTED_LIQUIDATION_ID: Final = 24
EVENT_DELEVERAGING_STARTED_SIZE_LOTS: Final = 32
EVENT_DELEVERAGING_STARTED_PRICE_TICKS: Final = 40
EVENT_DELEVERAGING_STARTED_MARK_TICKS: Final = 48
EVENT_DELEVERAGING_STARTED_CANDIDATES: Final = 56
EVENT_DELEVERAGING_STARTED_CANDIDATES_SHIFT: Final = 0
EVENT_DELEVERAGING_STARTED_SCORE: Final = 56
EVENT_DELEVERAGING_STARTED_SCORE_SHIFT: Final = 32
EVENT_DELEVERAGING_STARTED_ORDER: Final = 56
EVENT_DELEVERAGING_STARTED_ORDER_SHIFT: Final = 40

EVENT_POSITION_DELEVERAGED_COMMAND_SEQ: Final = 8
EVENT_POSITION_DELEVERAGED_TS_NS: Final = 16
EVENT_POSITION_DELEVERAGED_LIQUIDATION_ID: Final = 24
EVENT_POSITION_DELEVERAGED_SIZE_LOTS: Final = 32
EVENT_POSITION_DELEVERAGED_PRICE_TICKS: Final = 40
EVENT_POSITION_DELEVERAGED_SCORE_PPB: Final = 48
EVENT_POSITION_DELEVERAGED_RANK: Final = 56
EVENT_POSITION_DELEVERAGED_RANK_SHIFT: Final = 0
EVENT_POSITION_DELEVERAGED_LIGHT: Final = 56
EVENT_POSITION_DELEVERAGED_LIGHT_SHIFT: Final = 32

EVENT_FUND_DRAWDOWN_CHANGED_COMMAND_SEQ: Final = 8
EVENT_FUND_DRAWDOWN_CHANGED_TS_NS: Final = 16
EVENT_FUND_DRAWDOWN_CHANGED_LIQUIDATION_ID: Final = 24
EVENT_FUND_DRAWDOWN_CHANGED_CHANGE: Final = 32
EVENT_FUND_DRAWDOWN_CHANGED_POOL_MOST: Final = 40
EVENT_FUND_DRAWDOWN_CHANGED_RATIO_PPM: Final = 48
EVENT_FUND_DRAWDOWN_CHANGED_IS_RUNNING: Final = 56
EVENT_FUND_DRAWDOWN_CHANGED_IS_RUNNING_SHIFT: Final = 0

EVENT_DEFICIT_PAID_COMMAND_SEQ: Final = 8
EVENT_DEFICIT_PAID_TS_NS: Final = 16
EVENT_DEFICIT_PAID_LIQUIDATION_ID: Final = 24
EVENT_DEFICIT_PAID_DEFICIT: Final = 32
EVENT_DEFICIT_PAID_AMOUNT: Final = 40
EVENT_DEFICIT_PAID_LEFT: Final = 48
EVENT_DEFICIT_PAID_SOURCE: Final = 56
EVENT_DEFICIT_PAID_SOURCE_SHIFT: Final = 0

EVENT_LOSS_DEFERRED_COMMAND_SEQ: Final = 8
EVENT_LOSS_DEFERRED_TS_NS: Final = 16
EVENT_LOSS_DEFERRED_LIQUIDATION_ID: Final = 24
EVENT_LOSS_DEFERRED_AMOUNT: Final = 32
EVENT_LOSS_DEFERRED_TOTAL: Final = 40

EVENT_SESSION_ENDED_COMMAND_SEQ: Final = 8
EVENT_SESSION_ENDED_TS_NS: Final = 16
EVENT_SESSION_ENDED_DEFERRED: Final = 24
EVENT_SESSION_ENDED_BASE: Final = 32
EVENT_SESSION_ENDED_CHARGED: Final = 40
EVENT_SESSION_ENDED_RATE_PPB: Final = 48
EVENT_SESSION_ENDED_BY: Final = 56
EVENT_SESSION_ENDED_BY_SHIFT: Final = 0

EVENT_PROFIT_CLAWED_BACK_COMMAND_SEQ: Final = 8
EVENT_PROFIT_CLAWED_BACK_TS_NS: Final = 16
EVENT_PROFIT_CLAWED_BACK_LIQUIDATION_ID: Final = 24
EVENT_PROFIT_CLAWED_BACK_AMOUNT: Final = 32
EVENT_PROFIT_CLAWED_BACK_PROFIT: Final = 40
EVENT_PROFIT_CLAWED_BACK_BALANCE: Final = 48

EVENT_DEBT_BOOKED_COMMAND_SEQ: Final = 8
EVENT_DEBT_BOOKED_TS_NS: Final = 16
EVENT_DEBT_BOOKED_LIQUIDATION_ID: Final = 24
EVENT_DEBT_BOOKED_AMOUNT: Final = 32
EVENT_DEBT_BOOKED_OWED: Final = 40
EVENT_DEBT_BOOKED_TO_VENUE: Final = 48
EVENT_DEBT_BOOKED_TO_FUND: Final = 56

EVENT_DEBT_REPAID_COMMAND_SEQ: Final = 8
EVENT_DEBT_REPAID_TS_NS: Final = 16
EVENT_DEBT_REPAID_LIQUIDATION_ID: Final = 24
EVENT_DEBT_REPAID_AMOUNT: Final = 32
EVENT_DEBT_REPAID_OWED: Final = 40
EVENT_DEBT_REPAID_BALANCE: Final = 48
EVENT_DEBT_REPAID_CREDITOR: Final = 56
EVENT_DEBT_REPAID_CREDITOR_SHIFT: Final = 0
EVENT_DEBT_REPAID_IS_INTEREST: Final = 56
EVENT_DEBT_REPAID_IS_INTEREST_SHIFT: Final = 32

EVENT_LOSS_WRITTEN_OFF_COMMAND_SEQ: Final = 8
EVENT_LOSS_WRITTEN_OFF_TS_NS: Final = 16
EVENT_LOSS_WRITTEN_OFF_LIQUIDATION_ID: Final = 24
EVENT_LOSS_WRITTEN_OFF_AMOUNT: Final = 32
EVENT_LOSS_WRITTEN_OFF_TOTAL: Final = 40

EVENT_WITHDRAWALS_GATED_COMMAND_SEQ: Final = 8
EVENT_WITHDRAWALS_GATED_TS_NS: Final = 16
EVENT_WITHDRAWALS_GATED_LIQUIDATION_ID: Final = 24
EVENT_WITHDRAWALS_GATED_EQUITY: Final = 32
EVENT_WITHDRAWALS_GATED_UNTIL_NS: Final = 40

REJECT_NONE: Final = 0
REJECT_UNKNOWN_INSTRUMENT: Final = 1
REJECT_MARKET_SETTLED: Final = 24
REJECT_RESERVED_ACCOUNT: Final = 2
REJECT_UNKNOWN_ACCOUNT: Final = 3
REJECT_WRONG_POSITION_SIDE: Final = 33
REJECT_ACCOUNT_IN_LIQUIDATION: Final = 4
REJECT_ACCOUNT_IN_DEBT: Final = 52
REJECT_WITHDRAWALS_GATED: Final = 53
REJECT_UNKNOWN_ORDER: Final = 5
REJECT_NOT_ORDER_OWNER: Final = 6
REJECT_INVALID_QUANTITY: Final = 7
REJECT_INVALID_PRICE: Final = 8
REJECT_INVALID_TRIGGER: Final = 9
REJECT_INVALID_AMOUNT: Final = 10
REJECT_NO_DEBT: Final = 54
REJECT_INVALID_LEVERAGE: Final = 11
REJECT_INVALID_COMBINATION: Final = 12
REJECT_NOTIONAL_TOO_LARGE: Final = 13
REJECT_POSITION_TOO_LARGE: Final = 14
REJECT_NOTHING_TO_CLOSE: Final = 34
REJECT_WRONG_MARGIN_MODE: Final = 35
REJECT_POSITION_OPEN: Final = 36
REJECT_ORDERS_OPEN: Final = 37
REJECT_DUPLICATE_ORDER_ID: Final = 15
REJECT_BELOW_FILLED: Final = 16
REJECT_BOOK_FULL: Final = 17
REJECT_NO_MARK_PRICE: Final = 18
REJECT_ALREADY_TRADED: Final = 19
REJECT_POST_ONLY_WOULD_TAKE: Final = 20
REJECT_MARKET_PAUSED: Final = 40
REJECT_MARKET_REDUCE_ONLY: Final = 41
REJECT_ACCOUNT_RESTRICTED: Final = 42
REJECT_FOK_CANNOT_FILL: Final = 21
REJECT_LEVERAGE_ABOVE_TIER: Final = 38
REJECT_INSUFFICIENT_BALANCE: Final = 22
REJECT_NOT_BORROWABLE: Final = 90
REJECT_BORROW_LIMIT: Final = 91
REJECT_MARGIN_LEVEL_TOO_LOW: Final = 92
REJECT_INSUFFICIENT_MARGIN: Final = 23

CANCEL_REQUESTED: Final = 0
CANCEL_MASS_CANCEL: Final = 1
CANCEL_REDUCED_TO_ZERO: Final = 2
CANCEL_IOC_REMAINDER: Final = 3
CANCEL_MARKET_REMAINDER: Final = 4
CANCEL_PROTECTION: Final = 5
CANCEL_SELF_TRADE: Final = 6
CANCEL_AMENDED_BELOW_FILLED: Final = 7
CANCEL_LIQUIDATION: Final = 8
CANCEL_STOP_REFUSED: Final = 9
CANCEL_DELEVERAGED: Final = 52
CANCEL_INSTRUMENT_SETTLED: Final = 10

CLIPPED_ADD: Final = 0
CLIPPED_CANCEL: Final = 1
CLIPPED_REDUCE: Final = 2
CLIPPED_AMEND: Final = 3
CLIPPED_EXECUTE: Final = 4

OUTCOME_CURED: Final = 0
OUTCOME_SURPLUS: Final = 1
OUTCOME_EVEN: Final = 2
OUTCOME_COVERED: Final = 3
OUTCOME_SOCIALIZED: Final = 4
OUTCOME_VENUE_LOSS: Final = 5
OUTCOME_DEFERRED: Final = 52
OUTCOME_OWED: Final = 53
OUTCOME_WRITTEN_OFF: Final = 54
OUTCOME_DELEVERAGED: Final = 55

MARK_EXTERNAL: Final = 0
MARK_LAST: Final = 1
MARK_MID: Final = 2
MARK_MODEL: Final = 3

TRANSFER_REQUESTED: Final = 0
TRANSFER_ORDER: Final = 1
TRANSFER_POSITION: Final = 2
TRANSFER_LEVERAGE: Final = 3
TRANSFER_RETURNED: Final = 4

LEVEL_NORMAL: Final = 0
LEVEL_NOTICE: Final = 1
LEVEL_RESTRICTED: Final = 2
LEVEL_LIQUIDATION: Final = 3
LEVEL_BACKSTOP: Final = 4

MARKET_OPEN: Final = 0
MARKET_REDUCE_ONLY: Final = 1
MARKET_PAUSED: Final = 2

INTEREST_BORROWED: Final = 0
INTEREST_CLOCK: Final = 1
INTEREST_REPAID: Final = 2
INTEREST_OPEN_FEE: Final = 3

DELEVERAGE_BY_RANK: Final = 0
DELEVERAGE_BY_PRO_RATA: Final = 1
DELEVERAGE_BY_RANDOM: Final = 2
DELEVERAGE_BY_LARGEST: Final = 3

SCORE_PROFIT_LEVERAGE: Final = 0
SCORE_PROFIT: Final = 1
SCORE_RETURN_LEVERAGE: Final = 2
SCORE_WALLET_RATIO: Final = 3
SCORE_VALUE_RATIO: Final = 4
SCORE_SIZE: Final = 5
SCORE_CUSTOM: Final = 6

BASE_UNREALIZED: Final = 0
BASE_ROUND_GAINS: Final = 1
BASE_SESSION_REALIZED: Final = 2
BASE_SESSION_TOTAL: Final = 3
BASE_OPEN_INTEREST: Final = 4
BASE_LENDERS: Final = 5

LIMIT_BALANCE: Final = 0
LIMIT_MAX_CLAIM: Final = 1
LIMIT_WINDOW: Final = 2
LIMIT_DRAWDOWN: Final = 3

SOURCE_OWN_COLLATERAL: Final = 0
SOURCE_FEE_POOL: Final = 1


def write_order_accepted(
    log: EventLog,
    instrument: i64,
    account: i64,
    order_id: i64,
    price_ticks: i64,
    qty_lots: i64,
    trigger_ticks: i64,
    side: i64,
    kind: i64,
    time_in_force: i64,
    post_only: i64,
    origin: i64,
) -> None:
    """Append a OrderAccepted record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 257 | instrument << 16 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = order_id
    words[at + 4] = price_ticks
    words[at + 5] = qty_lots
    words[at + 6] = trigger_ticks
    words[at + 7] = side | kind << 8 | time_in_force << 16 | post_only << 24 | origin << 32


def write_order_rejected(
    log: EventLog,
    instrument: i64,
    account: i64,
    order_id: i64,
    request: i64,
    reason: i64,
) -> None:
    """Append a OrderRejected record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 258 | instrument << 16 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = order_id
    words[at + 4] = request | reason << 8
    words[at + 5] = 0
    words[at + 6] = 0
    words[at + 7] = 0


def write_trade(
    log: EventLog,
    instrument: i64,
    maker_account: i64,
    maker_order_id: i64,
    taker_order_id: i64,
    price_ticks: i64,
    qty_lots: i64,
    taker_account: i64,
    side: i64,
) -> None:
    """Append a Trade record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 259 | instrument << 16 | maker_account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = maker_order_id
    words[at + 4] = taker_order_id
    words[at + 5] = price_ticks
    words[at + 6] = qty_lots
    words[at + 7] = (taker_account & 0xffffffff) | side << 32


def write_order_canceled(
    log: EventLog,
    instrument: i64,
    account: i64,
    order_id: i64,
    price_ticks: i64,
    qty_lots: i64,
    liquidation_id: i64,
    side: i64,
    reason: i64,
) -> None:
    """Append a OrderCanceled record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 260 | instrument << 16 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = order_id
    words[at + 4] = price_ticks
    words[at + 5] = qty_lots
    words[at + 6] = liquidation_id
    words[at + 7] = side | reason << 8


def write_order_amended(
    log: EventLog,
    instrument: i64,
    account: i64,
    order_id: i64,
    price_ticks: i64,
    qty_lots: i64,
    trigger_ticks: i64,
    side: i64,
    kept_priority: i64,
) -> None:
    """Append a OrderAmended record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 261 | instrument << 16 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = order_id
    words[at + 4] = price_ticks
    words[at + 5] = qty_lots
    words[at + 6] = trigger_ticks
    words[at + 7] = side | kept_priority << 8


def write_stop_triggered(
    log: EventLog,
    instrument: i64,
    account: i64,
    order_id: i64,
    trigger_ticks: i64,
    last_ticks: i64,
    qty_lots: i64,
    side: i64,
) -> None:
    """Append a StopTriggered record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 262 | instrument << 16 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = order_id
    words[at + 4] = trigger_ticks
    words[at + 5] = last_ticks
    words[at + 6] = qty_lots
    words[at + 7] = side


def write_trade_reported(log: EventLog, instrument: i64, price_ticks: i64, qty_lots: i64, side: i64) -> None:
    """Append a TradeReported record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 263 | instrument << 16
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = price_ticks
    words[at + 4] = qty_lots
    words[at + 5] = side
    words[at + 6] = 0
    words[at + 7] = 0


def write_recorded_clipped(
    log: EventLog,
    instrument: i64,
    order_id: i64,
    qty_lots: i64,
    kind: i64,
    origin: i64,
) -> None:
    """Append a RecordedClipped record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 264 | instrument << 16
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = order_id
    words[at + 4] = qty_lots
    words[at + 5] = kind | origin << 8
    words[at + 6] = 0
    words[at + 7] = 0


def write_mark_price_updated(log: EventLog, instrument: i64, price_ticks: i64) -> None:
    """Append a MarkPriceUpdated record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 265 | instrument << 16
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = price_ticks
    words[at + 4] = 0
    words[at + 5] = 0
    words[at + 6] = 0
    words[at + 7] = 0


def write_request_rejected(
    log: EventLog,
    instrument: i64,
    account: i64,
    amount: i64,
    request: i64,
    reason: i64,
) -> None:
    """Append a RequestRejected record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 266 | instrument << 16 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = amount
    words[at + 4] = request | reason << 8
    words[at + 5] = 0
    words[at + 6] = 0
    words[at + 7] = 0


def write_deposited(log: EventLog, account: i64, amount: i64, balance: i64) -> None:
    """Append a Deposited record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 267 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = amount
    words[at + 4] = balance
    words[at + 5] = 0
    words[at + 6] = 0
    words[at + 7] = 0


def write_withdrawn(log: EventLog, account: i64, amount: i64, balance: i64) -> None:
    """Append a Withdrawn record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 268 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = amount
    words[at + 4] = balance
    words[at + 5] = 0
    words[at + 6] = 0
    words[at + 7] = 0


def write_leverage_set(log: EventLog, instrument: i64, account: i64, leverage: i64) -> None:
    """Append a LeverageSet record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 269 | instrument << 16 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = leverage
    words[at + 4] = 0
    words[at + 5] = 0
    words[at + 6] = 0
    words[at + 7] = 0


def write_position_opened(
    log: EventLog,
    instrument: i64,
    account: i64,
    size_lots: i64,
    price_ticks: i64,
    cost: i64,
) -> None:
    """Append a PositionOpened record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 270 | instrument << 16 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = size_lots
    words[at + 4] = price_ticks
    words[at + 5] = cost
    words[at + 6] = 0
    words[at + 7] = 0


def write_position_changed(
    log: EventLog,
    instrument: i64,
    account: i64,
    size_lots: i64,
    cost: i64,
    realized: i64,
    fee: i64,
    balance: i64,
) -> None:
    """Append a PositionChanged record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 271 | instrument << 16 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = size_lots
    words[at + 4] = cost
    words[at + 5] = realized
    words[at + 6] = fee
    words[at + 7] = balance


def write_fund_deposited(log: EventLog, amount: i64, fund_balance: i64, instrument: i64) -> None:
    """Append a FundDeposited record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 272 | instrument << 16
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = amount
    words[at + 4] = fund_balance
    words[at + 5] = 0
    words[at + 6] = 0
    words[at + 7] = 0


def write_liquidation_started(
    log: EventLog,
    instrument: i64,
    account: i64,
    liquidation_id: i64,
    equity: i64,
    maintenance: i64,
    mark_ticks: i64,
    triggered_by: i64,
) -> None:
    """Append a LiquidationStarted record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 273 | instrument << 16 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = liquidation_id
    words[at + 4] = equity
    words[at + 5] = maintenance
    words[at + 6] = mark_ticks
    words[at + 7] = triggered_by


def write_liquidation_order_placed(
    log: EventLog,
    instrument: i64,
    account: i64,
    liquidation_id: i64,
    order_id: i64,
    price_ticks: i64,
    qty_lots: i64,
    attempt: i64,
    side: i64,
    kind: i64,
) -> None:
    """Append a LiquidationOrderPlaced record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 274 | instrument << 16 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = liquidation_id
    words[at + 4] = order_id
    words[at + 5] = price_ticks
    words[at + 6] = qty_lots
    words[at + 7] = (attempt & 0xffffffff) | side << 32 | kind << 40


def write_position_taken_over(
    log: EventLog,
    instrument: i64,
    account: i64,
    liquidation_id: i64,
    size_lots: i64,
    price_ticks: i64,
    value: i64,
) -> None:
    """Append a PositionTakenOver record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 275 | instrument << 16 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = liquidation_id
    words[at + 4] = size_lots
    words[at + 5] = price_ticks
    words[at + 6] = value
    words[at + 7] = 0


def write_surplus_paid(log: EventLog, account: i64, liquidation_id: i64, amount: i64, fund_balance: i64) -> None:
    """Append a SurplusPaid record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 276 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = liquidation_id
    words[at + 4] = amount
    words[at + 5] = fund_balance
    words[at + 6] = 0
    words[at + 7] = 0


def write_fund_paid(
    log: EventLog,
    account: i64,
    liquidation_id: i64,
    deficit: i64,
    amount: i64,
    fund_balance: i64,
    instrument: i64,
    limit: i64,
) -> None:
    """Append a FundPaid record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 277 | account << 32 | instrument << 16
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = liquidation_id
    words[at + 4] = deficit
    words[at + 5] = amount
    words[at + 6] = fund_balance
    words[at + 7] = limit


def write_loss_socialized(
    log: EventLog,
    account: i64,
    liquidation_id: i64,
    deficit: i64,
    base: i64,
    charged: i64,
    payers: i64,
    by: i64,
) -> None:
    """Append a LossSocialized record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 278 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = liquidation_id
    words[at + 4] = deficit
    words[at + 5] = base
    words[at + 6] = charged
    words[at + 7] = (payers & 0xffffffff) | by << 32


def write_haircut_charged(
    log: EventLog,
    instrument: i64,
    account: i64,
    liquidation_id: i64,
    amount: i64,
    profit: i64,
    cost: i64,
) -> None:
    """Append a HaircutCharged record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 279 | instrument << 16 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = liquidation_id
    words[at + 4] = amount
    words[at + 5] = profit
    words[at + 6] = cost
    words[at + 7] = 0


def write_venue_loss_booked(log: EventLog, account: i64, liquidation_id: i64, amount: i64, total: i64) -> None:
    """Append a VenueLossBooked record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 280 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = liquidation_id
    words[at + 4] = amount
    words[at + 5] = total
    words[at + 6] = 0
    words[at + 7] = 0


def write_liquidation_ended(log: EventLog, account: i64, liquidation_id: i64, balance: i64, outcome: i64) -> None:
    """Append a LiquidationEnded record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 281 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = liquidation_id
    words[at + 4] = balance
    words[at + 5] = outcome
    words[at + 6] = 0
    words[at + 7] = 0


def write_index_price_updated(
    log: EventLog,
    instrument: i64,
    price_ticks: i64,
    leg_price_ticks: i64,
    leg: i64,
    legs_used: i64,
    outliers: i64,
) -> None:
    """Append a IndexPriceUpdated record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 282 | instrument << 16
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = price_ticks
    words[at + 4] = leg_price_ticks
    words[at + 5] = leg
    words[at + 6] = legs_used
    words[at + 7] = outliers


def write_funding_rate_set(
    log: EventLog,
    instrument: i64,
    rate_ppb: i64,
    premium_ppb: i64,
    interest_ppb: i64,
    due_ns: i64,
    is_external: i64,
) -> None:
    """Append a FundingRateSet record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 283 | instrument << 16
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = rate_ppb
    words[at + 4] = premium_ppb
    words[at + 5] = interest_ppb
    words[at + 6] = due_ns
    words[at + 7] = is_external


def write_funding_settled(
    log: EventLog,
    instrument: i64,
    rate_ppb: i64,
    price_ticks: i64,
    paid: i64,
    received: i64,
    remainder: i64,
) -> None:
    """Append a FundingSettled record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 284 | instrument << 16
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = rate_ppb
    words[at + 4] = price_ticks
    words[at + 5] = paid
    words[at + 6] = received
    words[at + 7] = remainder


def write_funding_paid(
    log: EventLog,
    instrument: i64,
    account: i64,
    amount: i64,
    size_lots: i64,
    rate_ppb: i64,
    balance: i64,
) -> None:
    """Append a FundingPaid record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 285 | instrument << 16 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = amount
    words[at + 4] = size_lots
    words[at + 5] = rate_ppb
    words[at + 6] = balance
    words[at + 7] = 0


def write_instrument_settled(
    log: EventLog,
    instrument: i64,
    price_ticks: i64,
    open_interest_lots: i64,
    remainder: i64,
    positions: i64,
    is_commanded: i64,
) -> None:
    """Append a InstrumentSettled record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 286 | instrument << 16
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = price_ticks
    words[at + 4] = open_interest_lots
    words[at + 5] = remainder
    words[at + 6] = positions
    words[at + 7] = is_commanded


def write_position_settled(
    log: EventLog,
    instrument: i64,
    account: i64,
    size_lots: i64,
    value: i64,
    realized: i64,
    balance: i64,
) -> None:
    """Append a PositionSettled record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 287 | instrument << 16 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = size_lots
    words[at + 4] = value
    words[at + 5] = realized
    words[at + 6] = balance
    words[at + 7] = 0


def write_margin_mode_set(log: EventLog, instrument: i64, account: i64, mode: i64) -> None:
    """Append a MarginModeSet record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 289 | instrument << 16 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = mode
    words[at + 4] = 0
    words[at + 5] = 0
    words[at + 6] = 0
    words[at + 7] = 0


def write_isolated_margin_transferred(
    log: EventLog,
    instrument: i64,
    account: i64,
    amount: i64,
    balance: i64,
    pocket: i64,
    reason: i64,
) -> None:
    """Append a IsolatedMarginTransferred record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 290 | instrument << 16 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = amount
    words[at + 4] = balance
    words[at + 5] = pocket
    words[at + 6] = reason
    words[at + 7] = 0


def write_position_mode_set(log: EventLog, instrument: i64, account: i64, is_hedge: i64) -> None:
    """Append a PositionModeSet record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 291 | instrument << 16 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = is_hedge
    words[at + 4] = 0
    words[at + 5] = 0
    words[at + 6] = 0
    words[at + 7] = 0


def write_margin_schedule_set(
    log: EventLog,
    instrument: i64,
    schedule: i64,
    positions: i64,
    is_for_new_only: i64,
) -> None:
    """Append a MarginScheduleSet record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 292 | instrument << 16
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = schedule
    words[at + 4] = positions
    words[at + 5] = is_for_new_only
    words[at + 6] = 0
    words[at + 7] = 0


def write_pair_netted(
    log: EventLog,
    instrument: i64,
    account: i64,
    liquidation_id: i64,
    qty_lots: i64,
    price_ticks: i64,
    value: i64,
) -> None:
    """Append a PairNetted record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 293 | instrument << 16 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = liquidation_id
    words[at + 4] = qty_lots
    words[at + 5] = price_ticks
    words[at + 6] = value
    words[at + 7] = 0


def write_backstop_missing(log: EventLog, instrument: i64, account: i64, liquidation_id: i64, taker: i64) -> None:
    """Append a BackstopMissing record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 294 | instrument << 16 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = liquidation_id
    words[at + 4] = (taker & 0xffffffff)
    words[at + 5] = 0
    words[at + 6] = 0
    words[at + 7] = 0


def write_lender_cut(
    log: EventLog,
    account: i64,
    liquidation_id: i64,
    amount: i64,
    principal: i64,
    balance: i64,
) -> None:
    """Append a LenderCut record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 295 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = liquidation_id
    words[at + 4] = amount
    words[at + 5] = principal
    words[at + 6] = balance
    words[at + 7] = 0


def write_asset_deposited(
    log: EventLog,
    instrument: i64,
    account: i64,
    qty_lots: i64,
    value: i64,
    size_lots: i64,
    cost: i64,
    balance: i64,
) -> None:
    """Append a AssetDeposited record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 296 | instrument << 16 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = qty_lots
    words[at + 4] = value
    words[at + 5] = size_lots
    words[at + 6] = cost
    words[at + 7] = balance


def write_asset_withdrawn(
    log: EventLog,
    instrument: i64,
    account: i64,
    qty_lots: i64,
    value: i64,
    size_lots: i64,
    cost: i64,
    balance: i64,
) -> None:
    """Append a AssetWithdrawn record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 297 | instrument << 16 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = qty_lots
    words[at + 4] = value
    words[at + 5] = size_lots
    words[at + 6] = cost
    words[at + 7] = balance


def write_loan_changed(
    log: EventLog,
    instrument: i64,
    account: i64,
    debt: i64,
    debt_before: i64,
    interest_owed: i64,
) -> None:
    """Append a LoanChanged record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 298 | instrument << 16 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = debt
    words[at + 4] = debt_before
    words[at + 5] = interest_owed
    words[at + 6] = 0
    words[at + 7] = 0


def write_interest_charged(
    log: EventLog,
    instrument: i64,
    account: i64,
    principal: i64,
    rate_ppb: i64,
    amount: i64,
    balance: i64,
    kind: i64,
) -> None:
    """Append a InterestCharged record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 299 | instrument << 16 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = principal
    words[at + 4] = rate_ppb
    words[at + 5] = amount
    words[at + 6] = balance
    words[at + 7] = kind


def write_interest_rate_set(log: EventLog, instrument: i64, rate_ppb: i64) -> None:
    """Append a InterestRateSet record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 300 | instrument << 16
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = rate_ppb
    words[at + 4] = 0
    words[at + 5] = 0
    words[at + 6] = 0
    words[at + 7] = 0


def write_level_crossed(
    log: EventLog,
    account: i64,
    equity: i64,
    requirement: i64,
    cure: i64,
    level: i64,
    previous: i64,
) -> None:
    """Append a LevelCrossed record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 301 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = equity
    words[at + 4] = requirement
    words[at + 5] = cure
    words[at + 6] = level | previous << 8
    words[at + 7] = 0


def write_account_restricted(log: EventLog, account: i64, is_restricted: i64) -> None:
    """Append a AccountRestricted record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 302 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = is_restricted
    words[at + 4] = 0
    words[at + 5] = 0
    words[at + 6] = 0
    words[at + 7] = 0


def write_market_state_set(log: EventLog, instrument: i64, state: i64, previous: i64) -> None:
    """Append a MarketStateSet record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 303 | instrument << 16
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = state | previous << 8
    words[at + 4] = 0
    words[at + 5] = 0
    words[at + 6] = 0
    words[at + 7] = 0


def write_liquidation_fee_charged(
    log: EventLog,
    instrument: i64,
    account: i64,
    liquidation_id: i64,
    uncapped: i64,
    surplus: i64,
    charged: i64,
    balance: i64,
) -> None:
    """Append a LiquidationFeeCharged record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 304 | instrument << 16 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = liquidation_id
    words[at + 4] = uncapped
    words[at + 5] = surplus
    words[at + 6] = charged
    words[at + 7] = balance


def write_position_transferred(
    log: EventLog,
    instrument: i64,
    account: i64,
    liquidation_id: i64,
    size_lots: i64,
    value: i64,
    taker_value: i64,
    taker: i64,
) -> None:
    """Append a PositionTransferred record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 305 | instrument << 16 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = liquidation_id
    words[at + 4] = size_lots
    words[at + 5] = value
    words[at + 6] = taker_value
    words[at + 7] = (taker & 0xffffffff)


def write_disposal_order_placed(
    log: EventLog,
    instrument: i64,
    account: i64,
    order_id: i64,
    price_ticks: i64,
    qty_lots: i64,
    size_lots: i64,
    book_lots: i64,
) -> None:
    """Append a DisposalOrderPlaced record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 306 | instrument << 16 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = order_id
    words[at + 4] = price_ticks
    words[at + 5] = qty_lots
    words[at + 6] = size_lots
    words[at + 7] = book_lots


def write_margin_transferred(
    log: EventLog,
    account: i64,
    liquidation_id: i64,
    amount: i64,
    taker_balance: i64,
    taker: i64,
) -> None:
    """Append a MarginTransferred record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 307 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = liquidation_id
    words[at + 4] = amount
    words[at + 5] = taker_balance
    words[at + 6] = (taker & 0xffffffff)
    words[at + 7] = 0


def write_deleveraging_started(
    log: EventLog,
    instrument: i64,
    account: i64,
    liquidation_id: i64,
    size_lots: i64,
    price_ticks: i64,
    mark_ticks: i64,
    candidates: i64,
    score: i64,
    order: i64,
) -> None:
    """Append a DeleveragingStarted record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 308 | instrument << 16 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = liquidation_id
    words[at + 4] = size_lots
    words[at + 5] = price_ticks
    words[at + 6] = mark_ticks
    words[at + 7] = (candidates & 0xffffffff) | score << 32 | order << 40


def write_position_deleveraged(
    log: EventLog,
    instrument: i64,
    account: i64,
    liquidation_id: i64,
    size_lots: i64,
    price_ticks: i64,
    score_ppb: i64,
    rank: i64,
    light: i64,
) -> None:
    """Append a PositionDeleveraged record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 309 | instrument << 16 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = liquidation_id
    words[at + 4] = size_lots
    words[at + 5] = price_ticks
    words[at + 6] = score_ppb
    words[at + 7] = (rank & 0xffffffff) | light << 32


def write_fund_drawdown_changed(
    log: EventLog,
    instrument: i64,
    liquidation_id: i64,
    change: i64,
    pool_most: i64,
    ratio_ppm: i64,
    is_running: i64,
) -> None:
    """Append a FundDrawdownChanged record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 310 | instrument << 16
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = liquidation_id
    words[at + 4] = change
    words[at + 5] = pool_most
    words[at + 6] = ratio_ppm
    words[at + 7] = is_running


def write_deficit_paid(
    log: EventLog,
    account: i64,
    liquidation_id: i64,
    deficit: i64,
    amount: i64,
    left: i64,
    source: i64,
) -> None:
    """Append a DeficitPaid record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 311 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = liquidation_id
    words[at + 4] = deficit
    words[at + 5] = amount
    words[at + 6] = left
    words[at + 7] = source


def write_loss_deferred(log: EventLog, account: i64, liquidation_id: i64, amount: i64, total: i64) -> None:
    """Append a LossDeferred record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 312 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = liquidation_id
    words[at + 4] = amount
    words[at + 5] = total
    words[at + 6] = 0
    words[at + 7] = 0


def write_session_ended(
    log: EventLog,
    deferred: i64,
    base: i64,
    charged: i64,
    rate_ppb: i64,
    payers: i64,
    by: i64,
) -> None:
    """Append a SessionEnded record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 313 | payers << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = deferred
    words[at + 4] = base
    words[at + 5] = charged
    words[at + 6] = rate_ppb
    words[at + 7] = by


def write_profit_clawed_back(
    log: EventLog,
    account: i64,
    liquidation_id: i64,
    amount: i64,
    profit: i64,
    balance: i64,
) -> None:
    """Append a ProfitClawedBack record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 314 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = liquidation_id
    words[at + 4] = amount
    words[at + 5] = profit
    words[at + 6] = balance
    words[at + 7] = 0


def write_debt_booked(
    log: EventLog,
    account: i64,
    liquidation_id: i64,
    amount: i64,
    owed: i64,
    to_venue: i64,
    to_fund: i64,
) -> None:
    """Append a DebtBooked record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 315 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = liquidation_id
    words[at + 4] = amount
    words[at + 5] = owed
    words[at + 6] = to_venue
    words[at + 7] = to_fund


def write_debt_repaid(
    log: EventLog,
    account: i64,
    liquidation_id: i64,
    amount: i64,
    owed: i64,
    balance: i64,
    creditor: i64,
    is_interest: i64,
) -> None:
    """Append a DebtRepaid record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 316 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = liquidation_id
    words[at + 4] = amount
    words[at + 5] = owed
    words[at + 6] = balance
    words[at + 7] = (creditor & 0xffffffff) | is_interest << 32


def write_loss_written_off(log: EventLog, account: i64, liquidation_id: i64, amount: i64, total: i64) -> None:
    """Append a LossWrittenOff record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 317 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = liquidation_id
    words[at + 4] = amount
    words[at + 5] = total
    words[at + 6] = 0
    words[at + 7] = 0


def write_withdrawals_gated(log: EventLog, account: i64, liquidation_id: i64, equity: i64, until_ns: i64) -> None:
    """Append a WithdrawalsGated record."""
    if log.left == 0:
        log.close_block()
    log.left -= 1
    at = log.end
    log.end = at + 8
    words = log.words
    words[at] = 318 | account << 32
    words[at + 1] = log.command_seq
    words[at + 2] = log.ts_ns
    words[at + 3] = liquidation_id
    words[at + 4] = equity
    words[at + 5] = until_ns
    words[at + 6] = 0
    words[at + 7] = 0
