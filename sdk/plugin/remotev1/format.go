package remotev1

import (
	"bytes"
	"encoding/json"
	"fmt"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// Format is how frames are written.
type Format string

// The formats, by the WebSocket subprotocols that choose them.
const (
	JSON  Format = "pocketping.plugin.v1.json"
	Proto Format = "pocketping.plugin.v1.proto"
)

// Formats are all, the preferred first.
var Formats = []string{string(JSON), string(Proto)}

// object is a frame in JSON.
type object struct {
	ID     uint64          `json:"id"`
	Method string          `json:"method,omitempty"`
	Error  json.RawMessage `json:"error,omitempty"`
	Body   json.RawMessage `json:"body,omitempty"`
}

// pack writes a frame; m is its message, nil for none.
func (f Format) pack(frame *Frame, m proto.Message) (_ []byte, err error) {
	if f == Proto {
		if m != nil {
			if frame.Body, err = proto.Marshal(m); err != nil {
				return nil, err
			}
		}
		return proto.Marshal(frame)
	}
	o := object{ID: frame.GetId(), Method: frame.GetMethod()}
	if frame.GetError() != nil {
		if o.Error, err = protojson.Marshal(frame.GetError()); err != nil {
			return nil, err
		}
	}
	if m != nil {
		if o.Body, err = protojson.Marshal(m); err != nil {
			return nil, err
		}
	}
	return json.Marshal(o)
}

func (f Format) unpack(data []byte) (*Frame, error) {
	frame := &Frame{}
	if f == Proto {
		return frame, proto.Unmarshal(data, frame)
	}
	var o object
	if err := json.Unmarshal(data, &o); err != nil {
		return nil, err
	}
	frame.Id, frame.Method, frame.Body = o.ID, o.Method, o.Body
	if len(o.Error) > 0 && !bytes.Equal(o.Error, []byte("null")) {
		frame.Error = &Error{}
		return frame, unmarshal.Unmarshal(o.Error, frame.Error)
	}
	return frame, nil
}

// unmarshal takes what newer versions add.
var unmarshal = protojson.UnmarshalOptions{DiscardUnknown: true}

// read reads a frame's message; an absent body is an empty one.
func (f Format) read(frame *Frame, m proto.Message) error {
	switch {
	case f == Proto:
		return proto.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(frame.GetBody(), m)
	case len(frame.GetBody()) == 0:
		return nil
	}
	if err := unmarshal.Unmarshal(frame.GetBody(), m); err != nil {
		return fmt.Errorf("the body is no %s: %w", m.ProtoReflect().Descriptor().Name(), err)
	}
	return nil
}
