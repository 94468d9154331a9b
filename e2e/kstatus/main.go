// Says of each object, one JSON document per line of standard input, what the kstatus library makes of it:
// one line each, `<status>: <message>`. Flux and Helm wait by this library, so its word counts.
package main

import (
	"bufio"
	"fmt"
	"os"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
)

// The largest object that a line may hold: etcd's own limit with room to spare.
const largestObject = 4 << 20

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, largestObject)
	for lines.Scan() {
		var object unstructured.Unstructured
		// Its own decoder keeps whole numbers whole; encoding/json would make a float of a generation.
		if err := object.UnmarshalJSON(lines.Bytes()); err != nil {
			fail("not an object", err)
		}
		result, err := status.Compute(&object)
		if err != nil {
			fail("kstatus refused it", err)
		}
		fmt.Printf("%s: %s\n", result.Status, result.Message)
	}
	if err := lines.Err(); err != nil {
		fail("standard input", err)
	}
}

func fail(what string, err error) {
	fmt.Fprintf(os.Stderr, "kstatus: %s: %v\n", what, err)
	os.Exit(1)
}
