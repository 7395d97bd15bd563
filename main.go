// Lovesaijo runs the point currency of a city and the services around it. See README.md.
package main

import (
	"os"

	"lovesaijo/bootstrap"
)

func main() { os.Exit(bootstrap.Main(os.Args[1:])) }
