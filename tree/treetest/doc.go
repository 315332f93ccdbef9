// Package treetest runs scripts that say what a metric tree shows, on every
// source that can hold their data, and checks generated data the same way.
//
// A script is a text file. It loads samples, asks, and says what it expects:
//
//	# Counters add up.
//	load
//	  # TYPE shop_orders_total counter
//	  shop_orders_total{country="de"} 5
//	  shop_orders_total               2
//
//	expand shop_orders_total by country
//	expect
//	  by country  2 branches  7 total  2 series
//	    country="de"     5 total  1 series
//	    country=<unset>  2 total  1 series
//
// To add a case, write the load and the question, run the test with -update, and
// read what it wrote before believing it.
//
// # Statements
//
// A statement starts a line; what belongs to it is indented. A line that starts
// with # is a comment.
//
//	load [every DURATION] [on SOURCE…]
//	scope [PATH] [depth N] [nodes N] [readings N] [by LABEL]… [filter WORD…]
//	signals [PATH]
//	metric SELECTOR [baseline DURATION] [rank declared|value|change]
//	expand SELECTOR by LABEL [limit N] [mode share] [baseline DURATION]
//	explain SELECTOR [by LABEL]… [window DURATION] [baseline DURATION]
//	expect
//	expect error TEXT
//
// load replaces what was loaded before. Its lines are an exposition in text
// format: # TYPE, # HELP and # UNIT, and series with one value each. # FOLD NAME
// FOLD declares how a gauge folds, # ROLE NAME ROLE which golden signal it is, and
// # AXES NAME LABEL… what to expand it along. # RATIO NAME [ROLE] NUMERATOR /
// DENOMINATOR declares a ratio, as a series of metertree_ratio_info. With "every", a
// series has a value for each instant, the last of which is now: a number, _ for
// none, or 0+5x10 for eleven numbers from 0 in steps of 5. With "on", only the
// named sources are asked: use it where sources differ, and say why in a comment.
// Now is always [Now], so an age can be expected.
//
// A selector is name{label="value"}, or {"name","label"="value"} for names that
// need quotes. The value "" selects the series without the label. Strings are
// written as in Go, in the load and in selectors.
//
// expect error holds if the error's message contains the text.
//
// # What is expected
//
// One line a node, children indented below their parent, fields set apart by two
// spaces or more:
//
//	shop_  3 metrics  12 series              a scope
//	open_bytes  gauge~ bytes~ sum~  1.5 KiB (1536) sum  2 series
//	by host  2 of 30 branches  …             an axis, cut at the limit
//	host="a"  …                              a branch
//	other (28)  …                            the branches beyond the limit
//	error_ratio  ratio  1% ratio  1/s by 100/s  …   a ratio, and what was divided
//
// A metric says its kind, its unit and, for a gauge, its fold; ~ marks what was
// inferred. A value is written as people read it, then exactly in parentheses
// where that differs, then what it means: total, rate, sum, single and so on. It
// is – where there is none. Then come quantiles, and the number of stored series.
//
// Whatever a script asks, all it loads is also held to the rules of [Faults].
//
// # Without scripts
//
// [RunRandom], [RunHistories] and [RunRatios] hold sources to the same rules, and
// to what the samples themselves say, over generated data. [WrongExpressions] and
// [WrongQueries] hold the expressions that a source gives against a server that
// evaluates them.
package treetest
