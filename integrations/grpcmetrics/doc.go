// Package grpcmetrics measures gRPC by interceptors: NewServer makes those of
// servers, NewClient those of clients. Times are in seconds.
//
//	name                                                kind           what
//	grpc_server_started_total{service,method,type}      counter        calls that began
//	grpc_server_handled_total{service,method,type,code} counter        calls that ended
//	grpc_server_msg_received_total{service,method,type} counter        messages received
//	grpc_server_msg_sent_total{service,method,type}     counter        messages sent
//	grpc_server_handling_seconds{service,method,type}   histogram      from the beginning of a call to its end
//	grpc_server_calls_in_flight{service,method,type}    updowncounter  calls that have not ended
//	grpc_client_started_total{service,method,type}      counter        calls that began
//	grpc_client_handled_total{service,method,type,code} counter        calls that ended
//	grpc_client_msg_received_total{service,method,type} counter        messages received
//	grpc_client_msg_sent_total{service,method,type}     counter        messages sent
//	grpc_client_handling_seconds{service,method,type}   histogram      from the beginning of a call to its end
//	grpc_client_calls_in_flight{service,method,type}    updowncounter  calls that have not ended
//
// A type is unary, client_stream, server_stream or bidi_stream; a code is the
// name of one of gRPC's, such as OK or NotFound.
//
// # Labels
//
// No label takes a value that a client makes up. On a server, calls of methods
// that are not registered have the service and the method Unknown: they reach an
// interceptor only with grpc.UnknownServiceHandler. So have streams of services
// that are registered with nil for an implementation, unless Server.Announce
// makes their methods known. A client's methods are those that the program
// calls; past 2,048 of them, further ones are Unknown too. Codes that gRPC does
// not define are Unknown.
//
// # Ends
//
// A server's call ends when its handler returns. The code is the one that gRPC
// sends for the handler's error; a handler that panics counts as Internal. A
// client's stream ends at the first of: the end or an error from RecvMsg, the
// only answer of a method that has one, an error from SendMsg but io.EOF, an
// error from Header, and the end of the context it was made with. One that a
// program leaves without any of these shows as in flight, and leaks in gRPC too.
package grpcmetrics
