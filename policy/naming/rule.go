package naming

// Rule describes a rule.
type Rule struct {
	// ID names the rule in findings and waivers.
	ID       string
	Severity Severity
	// Summary says in one sentence what the rule asks for.
	Summary string

	// One of these is set. Each returns what is wrong and what to do.
	one   func(*Linter, Metric) []string
	whole func(*Linter, []Metric) []about
}

// about is what a rule about a whole set has against one metric of it.
type about struct{ metric, message string }

// rules are all there are, in the order of the documentation.
var rules = []Rule{
	{"domain", Warning, "A name is <prefix>_<domain>_<metric>_<unit>.", domain, nil},
	{"reserved-name", Error, "A name does not begin as the names do that others make.", reservedName, nil},
	{"case", Warning, "Names are in lower case with underscores.", lowerCase, nil},
	{"help", Warning, "A metric has a help text.", help, nil},
	{"total", Error, "Counters end in _total, and nothing else does.", total, nil},
	{"unit-suffix", Warning, "A name ends in the declared unit.", unitSuffix, nil},
	{"base-unit", Warning, "Units are base units, such as seconds and bytes.", baseUnit, nil},
	{"kind-in-name", Warning, "A name does not say of which kind the metric is.", kindInName, nil},
	{"label-in-name", Warning, "A name does not say which labels the metric has.", labelInName, nil},
	{"kind", Warning, "What can fall is no counter, and what only grows is no gauge.", kindMismatch, nil},
	{"health", Warning, "Health is a gauge of 0 or 1 whose name ends in _up or _healthy.", health, nil},
	{"reserved-suffix", Error, "A name does not end as the samples of histograms do.", reservedSuffix, nil},
	{"reserved-label", Error, "A label is not named as those that exposition formats and scrapers add.", reservedLabel, nil},
	{"label-policy", Error, "Labels are those that the label policy allows.", labelPolicy, nil},
	{"cardinality", Warning, "A label has few values.", cardinality, nil},
	{"total-beside-parts", Error, "A label does not hold a total beside the parts of it.", totalBesideParts, nil},
	{"collision", Error, "No two metrics are exposed under one sample name.", nil, collision},
	{"sibling-names", Warning, "Names that differ only in who or where are one name and a label.", nil, siblingNames},
}

// Rules returns all rules there are.
func Rules() []Rule { return append([]Rule(nil), rules...) }

func known(id string) bool {
	for _, r := range rules {
		if r.ID == id {
			return true
		}
	}
	return false
}
