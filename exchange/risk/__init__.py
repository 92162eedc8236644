"""Who is below maintenance, what is done about it, and who pays. A map of the files:

who         monitor         finds accounts below their requirement, or at another level
            levels          which level equity is at (pure)
            level_bands     marks within which an account keeps its level
what        liquidation     the queue of internal commands, one turn of a leg at a time, and the end
            leg_work        what is remembered of a liquidation while it runs
            sizing          how large an order is: the reduction, its bounds, the pace
            reduction       how much of a position one order closes (pure)
            depth           how much stands in a book near its mid price
            pacing          how fast, and who goes first (pure)
            budgets         what was used of the caps on the pace
            quoting         at which price an order is sent
            order_price     its limit (pure)
            order_fee       what the fund gets of its fills, or pays for them
            surplus         fee and surplus of a fill (pure)
            guarded_fill    how much of an order the fund can afford
the rest    remainder       who takes over what orders could not sell
            takeover        what a taker pays, and how much it may take (pure)
            disposal        the fund works off what it took over
            disposal_size   how much at a time (pure)
            deleveraging    positions closed against those of the other side
            deleveraging_rank  who, how many lots, at which price (pure)
who pays    waterfall       the steps of the rules for a deficit
            fund            what the insurance fund may pay
            socialization   losses that other accounts pay, at once or by a session
            sharing         who pays how much of a loss (pure)
            debt            what accounts owe, and how deposits repay it
            guards          the withdrawal gate

"Pure" is a module of functions of integers, which know no account. Rules: docs/semantics/{liquidation,waterfall}.md.
"""
