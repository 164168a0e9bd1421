// Package impair decides what a bad network does to each packet of a stream: lost, late, overtaken or doubled. It is pure
// arithmetic, without a clock, and repeatable: the same seed gives the same fates.
package impair
