package servers

// Why rivals are ahead. These are facts about programs, not figures; a reason is
// shown only where a figure asks for it.
const (
	sameStorageReason = "both scrape, parse and store with the same code. What metertree does besides is to hold " +
		"every timestamp to the retention, every new series to the memory limit, and exemplars to their number, " +
		"for which it sets memory aside at the start."
	scrapeReason = "it has a scraper, a parser and a storage of its own. Samples gather in memory and reach the disk, " +
		"compressed, some seconds later; metertree, as Prometheus, appends each to its series in memory and to a log " +
		"on disk before the scrape counts as done."
	olderReason = "it is an older version of the same code; where the Prometheus of metertree's version is behind " +
		"it as well, the versions differ and not the servers."
	otlpReason = "the receiver, the translation and the storage are Prometheus's. What metertree does besides is to read " +
		"a request whole, within its limits, and to remember the metadata that it brings."
	writeReason = "it keeps samples in a storage of its own, which gathers them in memory and writes them compressed in " +
		"large parts; metertree, as Prometheus, writes each to a log on disk before the request is answered, keeps the " +
		"last hours in that log, and compresses them into blocks of two hours."
	writeSameReason = "the receiver and the storage are Prometheus's. What metertree does besides is to decompress a " +
		"request once more for its metadata, which Prometheus leaves out, and to keep room for samples out of order, " +
		"which Prometheus refuses unless it is told otherwise."
	queryReason = "it reads and computes the series of a query on all cores at once, with an engine of its own; " +
		"metertree's is Prometheus's, which computes a query on one."
	querySameReason = "the engine and the storage are the same code, in this version or an older one; the query passes " +
		"metertree's limits first."
	startReason = "it is a program of its own with few requirements; metertree has Prometheus's storage, engine and " +
		"discovery of targets in it, which set themselves up before it is ready."
	startSameReason = "metertree sets aside the memory of its exemplars at the start, which Prometheus does not keep " +
		"unless it is told to, and has its pages in the program."
	startOldReason = "its version has less in it, is linked dynamically, and shares what it can with other programs."
)
