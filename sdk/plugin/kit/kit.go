// Package kit is what bridges share: a Courier that delivers events to any platform
// with threads, an Intake that brings what operators do, pacing, echoes, catching up,
// and text: cleaning what strangers wrote and splitting it where a platform takes no
// more.
package kit
