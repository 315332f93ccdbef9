package embedding

import (
	"fmt"
	"hash/fnv"
	"math"
	"strings"
	"unicode"
)

// Vector is an embedding of length 1, or all zero for a text without words.
type Vector []float32

// Cosine is the cosine of the angle between two vectors of length 1. It fails if
// they come from models of different dimensions.
func Cosine(a, b Vector) (float32, error) {
	if len(a) != len(b) {
		return 0, fmt.Errorf("vectors of %d and %d dimensions cannot be compared: embed both with one model", len(a), len(b))
	}
	var sum float32
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum, nil
}

// bytesPerToken approximates how many bytes of a word make one token.
const bytesPerToken = 4

// Tokens is how many tokens a text counts as.
func Tokens(text string) int {
	tokens := 0
	for _, word := range words(text) {
		tokens += (len(word) + bytesPerToken - 1) / bytesPerToken
	}
	return tokens
}

// vectorOf hashes each word, and with less weight each pair of neighbours, to a
// dimension and a sign. This is the hashing trick of Weinberger et al., Feature
// Hashing for Large Scale Multitask Learning (2009).
func vectorOf(text string, dimensions int) Vector {
	const pairWeight = 0.5
	v := make(Vector, dimensions)
	previous := ""
	for _, word := range words(text) {
		addFeature(v, word, 1)
		if previous != "" {
			addFeature(v, previous+" "+word, pairWeight)
		}
		previous = word
	}
	normalise(v)
	return v
}

func addFeature(v Vector, feature string, weight float32) {
	h := fnv.New64a()
	_, _ = h.Write([]byte(feature))
	sum := h.Sum64()
	if sum>>63 == 1 {
		weight = -weight
	}
	v[sum%uint64(len(v))] += weight
}

func normalise(v Vector) {
	var squares float64
	for _, x := range v {
		squares += float64(x) * float64(x)
	}
	if squares == 0 {
		return
	}
	scale := float32(1 / math.Sqrt(squares))
	for i := range v {
		v[i] *= scale
	}
}

func words(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
}
