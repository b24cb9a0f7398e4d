package remotev1

import (
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// errorOf is a failure of a call as a frame has it.
func errorOf(err error) *Error {
	s := status.Convert(err)
	e := &Error{Code: nameOf(s.Code()), Message: s.Message()}
	for _, d := range s.Details() {
		switch d := d.(type) {
		case *pluginv1.Failure:
			e.Failure = d
		case *errdetails.RetryInfo:
			e.RetryAfter = durationpb.New(d.GetRetryDelay().AsDuration())
		}
	}
	return e
}

// err is the failure as a gRPC call returns it.
func (e *Error) err() error {
	s := status.New(codeOf(e.GetCode()), e.GetMessage())
	var details []protoadapt.MessageV1
	if e.GetFailure() != nil {
		details = append(details, protoadapt.MessageV1Of(e.GetFailure()))
	}
	if e.GetRetryAfter() != nil {
		details = append(details, protoadapt.MessageV1Of(&errdetails.RetryInfo{RetryDelay: e.GetRetryAfter()}))
	}
	if with, err := s.WithDetails(details...); err == nil {
		s = with
	}
	return s.Err()
}

var codeNames = func() map[codes.Code]string {
	names := map[codes.Code]string{}
	for c := codes.Code(1); c <= codes.Unauthenticated; c++ {
		var b strings.Builder
		for i, r := range c.String() {
			if i > 0 && r >= 'A' && r <= 'Z' {
				b.WriteByte('_')
			}
			b.WriteRune(r)
		}
		names[c] = strings.ToUpper(b.String())
	}
	names[codes.Canceled] = "CANCELLED"
	return names
}()

func nameOf(c codes.Code) string {
	if name, ok := codeNames[c]; ok {
		return name
	}
	return codeNames[codes.Unknown]
}

// codeOf is the code of the name; what is not known is UNKNOWN, for a failure is never
// none.
func codeOf(name string) codes.Code {
	for c, n := range codeNames {
		if n == name {
			return c
		}
	}
	return codes.Unknown
}
