// Package codec encodes and decodes the values of requests and responses as JSON.
package codec
