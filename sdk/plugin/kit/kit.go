// Package kit is what bridges share: cleaning what strangers wrote, and splitting
// it where a platform takes no more.
package kit
