package load

import (
	"math"
	"math/rand/v2"
	"strings"
)

// topics are words that belong together, so that searches find something.
var topics = [][]string{
	strings.Fields("invoice payment refund order customer price discount tax receipt currency account balance"),
	strings.Fields("server latency timeout retry queue shard replica restart deploy rollback alert incident"),
	strings.Fields("meeting agenda decision owner deadline roadmap milestone review feedback summary action plan"),
	strings.Fields("recipe flour butter oven minutes stir onion garlic salt pepper serve plate"),
	strings.Fields("travel train ticket platform hotel luggage border passport delay connection window seat"),
}

// joints connect the words of every topic.
var joints = strings.Fields("the a of for with and before after about under near from to which that is was")

// sentence is a few words of one topic.
func sentence(random *rand.Rand) string {
	return phrase(random, topics[random.IntN(len(topics))], 5+random.IntN(6))
}

func phrase(random *rand.Rand, topic []string, words int) string {
	var b strings.Builder
	for i := range words {
		if i > 0 {
			b.WriteByte(' ')
		}
		if i%2 == 0 {
			b.WriteString(topic[random.IntN(len(topic))])
		} else {
			b.WriteString(joints[random.IntN(len(joints))])
		}
	}
	return b.String()
}

// document is what a tenant puts.
type document struct {
	Type  string `json:"type"`
	Title string `json:"title"`
	Text  string `json:"text"`
}

// randomDocument is on one topic; most are short and a few are long.
func randomDocument(random *rand.Rand) document {
	const medianWords, spread, mostWords = 120, 0.8, 1000
	types := []string{"resource", "resource", "memory", "skill"}
	topic := topics[random.IntN(len(topics))]
	words := min(int(medianWords*math.Exp(spread*random.NormFloat64()))+1, mostWords)
	return document{
		Type:  types[random.IntN(len(types))],
		Title: phrase(random, topic, 3),
		Text:  phrase(random, topic, words),
	}
}
