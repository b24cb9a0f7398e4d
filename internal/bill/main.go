// Command bill says what the released programs are made of: `bill licenses` writes the table in
// docs/licenses.md, and `bill sbom PROGRAM…` a CycloneDX list of what is linked into programs.
package main

import (
	"fmt"
	"os"
)

func main() {
	err := fmt.Errorf("say licenses, or sbom and the programs")
	switch {
	case len(os.Args) == 2 && os.Args[1] == "licenses":
		var modules []module
		if modules, err = linked("."); err == nil {
			err = writeLicenses(os.Stdout, modules)
		}
	case len(os.Args) > 2 && os.Args[1] == "sbom":
		err = writeSBOM(os.Stdout, os.Args[2:])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bill:", err)
		os.Exit(1)
	}
}
