package deploytest

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// instruction is one of a Dockerfile, in the form KEYWORD --option=value WORDS.
type instruction struct {
	keyword string
	options map[string]string
	// text is what follows the options, and words are those of it, or the elements
	// of the list that it is.
	text  string
	words []string
}

// stage is an image on the way to the last one, whose name it may have.
type stage struct {
	base, name   string
	instructions []instruction
}

var comment = regexp.MustCompile(`(?m)^\s*#.*\n`)

// stages reads the Dockerfile.
func stages(t *testing.T) (list []stage) {
	t.Helper()
	text := comment.ReplaceAllString(string(read(t, "docker", "Dockerfile")), "")
	for line := range strings.Lines(strings.ReplaceAll(text, "\\\n", " ")) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		i := parseInstruction(t, strings.TrimSpace(line))
		switch {
		case i.keyword == "FROM":
			s := stage{base: i.words[0]}
			if len(i.words) == 3 && i.words[1] == "AS" {
				s.name = i.words[2]
			}
			list = append(list, s)
		case len(list) > 0:
			last := &list[len(list)-1]
			last.instructions = append(last.instructions, i)
		}
	}
	if len(list) < 2 {
		t.Fatalf("%d stages; want one that builds and one that is the image", len(list))
	}
	return list
}

func parseInstruction(t *testing.T, line string) instruction {
	t.Helper()
	keyword, rest, _ := strings.Cut(line, " ")
	i := instruction{keyword: keyword, options: map[string]string{}}
	for rest = strings.TrimSpace(rest); strings.HasPrefix(rest, "--"); rest = strings.TrimSpace(rest) {
		var option string
		option, rest, _ = strings.Cut(rest, " ")
		name, value, _ := strings.Cut(option, "=")
		i.options[name] = value
	}
	i.text, i.words = rest, strings.Fields(rest)
	_, list, _ := strings.Cut(rest, "CMD ") // that of a health check
	if list == "" {
		list = rest
	}
	if strings.HasPrefix(list, "[") {
		i.words = nil
		if err := json.Unmarshal([]byte(list), &i.words); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	return i
}

// image is what the last stage makes.
type image struct {
	copies                           []instruction
	user, directory                  string
	volumes, ports                   []string
	entrypoint, command, healthCheck []string
	stopSignal                       string
}

// lastImage reads the last stage. What it does not know of is a mistake: a test
// that went on would be of another image.
func lastImage(t *testing.T) (i image) {
	t.Helper()
	all := stages(t)
	last := all[len(all)-1]
	if last.base != "scratch" {
		t.Errorf("the image is made from %s, not from scratch", last.base)
	}
	for _, s := range last.instructions {
		switch s.keyword {
		case "COPY":
			if !slices.ContainsFunc(all, func(other stage) bool { return other.name == s.options["--from"] && other.name != "" }) || len(s.words) != 2 {
				t.Fatalf("COPY %s is not from a stage", s.text)
			}
			i.copies = append(i.copies, s)
		case "USER":
			i.user = s.text
		case "WORKDIR":
			i.directory = s.text
		case "VOLUME":
			i.volumes = append(i.volumes, s.words...)
		case "EXPOSE":
			i.ports = append(i.ports, s.words...)
		case "HEALTHCHECK":
			i.healthCheck = s.words
		case "STOPSIGNAL":
			i.stopSignal = s.text
		case "ENTRYPOINT":
			i.entrypoint = s.words
		case "CMD":
			i.command = s.words
		default:
			t.Fatalf("%s is not known here: teach the test what it does", s.keyword)
		}
	}
	return i
}
