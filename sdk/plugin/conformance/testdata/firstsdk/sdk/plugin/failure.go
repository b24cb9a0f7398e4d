package plugin

import (
	"errors"

	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"
)

var failureCodes = map[FailureKind]struct {
	code codes.Code
	wire pluginv1.FailureKind
}{
	FailureRetry:      {codes.Unavailable, pluginv1.FailureKind_FAILURE_KIND_RETRY},
	FailureRetryAfter: {codes.ResourceExhausted, pluginv1.FailureKind_FAILURE_KIND_RETRY_AFTER},
	FailurePermanent:  {codes.FailedPrecondition, pluginv1.FailureKind_FAILURE_KIND_PERMANENT},
	FailureThreadGone: {codes.NotFound, pluginv1.FailureKind_FAILURE_KIND_THREAD_GONE},
	FailureUnusable:   {codes.PermissionDenied, pluginv1.FailureKind_FAILURE_KIND_UNUSABLE},
	FailureField:      {codes.InvalidArgument, pluginv1.FailureKind_FAILURE_KIND_UNSPECIFIED},
}

// statusOf puts what the core acts on into the details of a gRPC status.
func statusOf(err error, seq int64) error {
	f := &Failure{Kind: FailureRetry, Err: err}
	errors.As(err, &f)
	kind, ok := failureCodes[f.Kind]
	if !ok {
		kind = failureCodes[FailureRetry]
	}
	details := []protoadapt.MessageV1{&pluginv1.Failure{
		Kind: kind.wire, Scope: f.Scope, Field: f.Field, Reason: err.Error(), Seq: seq, Calls: int32(f.Calls),
	}}
	if f.RetryAfter > 0 {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(f.RetryAfter)})
	}
	st := status.New(kind.code, err.Error())
	if full, detailErr := st.WithDetails(details...); detailErr == nil {
		st = full
	}
	return st.Err()
}
