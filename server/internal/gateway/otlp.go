package gateway

import (
	"fmt"
	"net/http"

	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/metertree/metertree/server/internal/gateway/merge"
	"github.com/metertree/metertree/server/internal/gateway/push"
)

// encoding is one of the two forms of OTLP over HTTP. Answers, errors among them,
// have the form of the request.
type encoding struct {
	protocol push.Protocol
	media    string
}

var encodings = map[string]encoding{
	"application/x-protobuf": {push.OTLP, "application/x-protobuf"},
	"application/json":       {push.OTLPJSON, "application/json"},
}

func (h *handler) serveOTLP(w http.ResponseWriter, r *http.Request) error {
	kind, _ := mediaType(r)
	e, known := encodings[kind]
	if !known {
		return fmt.Errorf("%w content type %.80q: send application/x-protobuf or application/json", errMedia, kind)
	}
	o, err := h.pushOTLP(w, r, e)
	if err != nil {
		return e.fail(w, h.failureOf(err))
	}
	if full(&o) {
		return e.fail(w, refused(&o))
	}
	answer, err := e.answer(&o)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", e.media)
	_, _ = w.Write(answer)
	return nil
}

func (h *handler) pushOTLP(w http.ResponseWriter, r *http.Request, e encoding) (merge.Outcome, error) {
	body, err := h.readBody(w, r)
	if err != nil {
		return merge.Outcome{}, err
	}
	return h.gateway.Push(push.Request{Protocol: e.protocol, Body: body})
}

// answer is what a pusher is told whose push was taken, in part perhaps. Of one
// that was taken as a whole the protocol wants nothing said.
func (e encoding) answer(o *merge.Outcome) ([]byte, error) {
	response := pmetricotlp.NewExportResponse()
	switch n := o.Refused.Total(); {
	case n > 0:
		response.PartialSuccess().SetRejectedDataPoints(int64(n))
		response.PartialSuccess().SetErrorMessage(o.Refused.String())
	case o.Conflicts > 0:
		// Nothing was refused, but the pusher should know.
		response.PartialSuccess().SetErrorMessage(o.Warning.Error())
	case e.protocol == push.OTLPJSON:
		return []byte("{}"), nil
	default:
		return nil, nil
	}
	if e.protocol == push.OTLPJSON {
		return response.MarshalJSON()
	}
	return response.MarshalProto()
}

// codeOf are the codes that go with the HTTP statuses.
var codeOf = map[int]codes.Code{
	http.StatusBadRequest:            codes.InvalidArgument,
	http.StatusRequestEntityTooLarge: codes.InvalidArgument,
	http.StatusUnsupportedMediaType:  codes.InvalidArgument,
	http.StatusTooManyRequests:       codes.ResourceExhausted,
	http.StatusServiceUnavailable:    codes.Unavailable,
}

// fail tells a failure as the protocol demands, by a google.rpc.Status.
func (e encoding) fail(w http.ResponseWriter, f failure) error {
	said := status.New(codeOf[f.status], oneLine(f.err)).Proto()
	marshal := proto.Marshal
	if e.protocol == push.OTLPJSON {
		marshal = protojson.Marshal
	}
	body, err := marshal(said)
	if err != nil {
		return err
	}
	f.header(w)
	w.Header().Set("Content-Type", e.media)
	w.WriteHeader(f.status)
	_, _ = w.Write(body)
	return nil
}
