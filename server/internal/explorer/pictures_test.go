package explorer

import (
	"bytes"
	"flag"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

var (
	update = flag.Bool("update", false, "write the pictures of the documentation")
	live   = flag.String("live", "", "address of a running explorer to draw instead of the made-up service")
)

const (
	requests = "m/context_http_requests_total"
	duration = "m/context_http_request_duration_seconds"
	failures = "m/context_http_error_ratio"
)

const opened = "&open=context_&open=context_http_"

// pictures are those of the documentation: the name, the address, and when it is
// all there.
var pictures = []struct {
	name, search, ready string
	width, height       int64
	scheme              string
}{
	{"explorer", "?node=" + requests + "&by=route" + opened, plotted, 1360, 860, "light"},
	{"explorer-dark", "?node=" + duration + "&by=route&stat=0.99" + opened, plotted, 1360, 860, "dark"},
	{"explorer-signals", "?node=s/context_" + opened, `document.querySelectorAll('.signal').length === 4`, 1360, 860, "light"},
	{"explorer-ratio", "?node=" + failures + "&by=region" + opened, plotted, 1360, 860, "light"},
	{"explorer-explain", "?node=" + failures + "&view=explain" + opened, `document.querySelectorAll('.step').length > 0`, 1360, 860, "light"},
	{"explorer-cardinality", "?node=s/&view=cardinality", `document.querySelectorAll('.box.level-questioned').length > 0 && document.querySelector('progress').hidden`, 1360, 860, "light"},
	{"explorer-narrow", "?node=" + failures + "&by=region", plotted, 420, 860, "dark"},
}

// TestPictures draws the pictures of the documentation; with -update they are kept.
func TestPictures(t *testing.T) {
	for _, picture := range pictures {
		t.Run(picture.name, func(t *testing.T) {
			p := open(t, made(), picture.width, picture.height, picture.scheme)
			if *live != "" {
				p.url = *live
			}
			p.visit("/" + picture.search)
			p.wait(picture.ready)
			p.wait(settled)
			path := p.shot(picture.name)
			if *update {
				keep(t, path, filepath.Join("../../../docs/images", picture.name+".png"))
			}
		})
	}
}

// most is how large a picture of the documentation may be.
const most = 150 << 10

// keep writes a picture as small as its format allows.
func keep(t *testing.T, from, to string) {
	t.Helper()
	raw, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	picture, _, err := image.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	var small bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&small, fewColours(picture)); err != nil {
		t.Fatal(err)
	}
	if small.Len() > most {
		t.Errorf("%s has %d bytes, more than %d", to, small.Len(), most)
	}
	if err := os.WriteFile(to, small.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// fewColours draws a picture in its 256 most frequent colours that differ visibly,
// which is all that a page without photographs needs.
func fewColours(picture image.Image) image.Image {
	bounds := picture.Bounds()
	counts := make(map[color.RGBA]int)
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			counts[color.RGBAModel.Convert(picture.At(x, y)).(color.RGBA)]++
		}
	}
	colours := slices.SortedFunc(maps.Keys(counts), func(a, b color.RGBA) int { return counts[b] - counts[a] })
	var palette color.Palette
	for _, c := range colours {
		if len(palette) < 256 && !slices.ContainsFunc(palette, func(p color.Color) bool { return alike(p.(color.RGBA), c) }) {
			palette = append(palette, c)
		}
	}
	nearest := make(map[color.RGBA]uint8, len(counts))
	for c := range counts {
		nearest[c] = uint8(palette.Index(c))
	}
	few := image.NewPaletted(bounds, palette)
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			few.SetColorIndex(x, y, nearest[color.RGBAModel.Convert(picture.At(x, y)).(color.RGBA)])
		}
	}
	return few
}

func alike(a, b color.RGBA) bool {
	apart := func(a, b uint8) int { return (int(a) - int(b)) * (int(a) - int(b)) }
	return apart(a.R, b.R)+apart(a.G, b.G)+apart(a.B, b.B) < 50
}
