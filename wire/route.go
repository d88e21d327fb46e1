package wire

// A Route names a function that a cog offers, and fixes the types of its
// request and its response. Declare one as a constant in a package that bot and
// callers share:
//
//	const CountMembers wire.Route[Guild, Members] = "members.count"
//
// An untyped string constant is a Route wherever the types are known. Any
// non-empty string of at most 256 bytes is a valid name; on the wire it is the endpoint.
type Route[Req, Resp any] string

// Empty is a request or a response without data.
type Empty struct{}
