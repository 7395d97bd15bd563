package bootstrap_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// source is what the rules know of one package of the module. Paths are relative to the module,
// so the command at its root has the empty path.
type source struct {
	path        string
	name        string
	imports     []string // of the files that are built into the program
	testImports []string // of its _test files
	files       []*ast.File
	fset        *token.FileSet
}

// rule is one law of the house. It returns a sentence for every breach.
type rule struct {
	name  string
	check func(tree []source) []string
}

// houseRules are the laws of the layout: domain packages are nouns, use case packages are activities,
// adapter packages are technologies, and imports point inwards only.
var houseRules = []rule{
	{"domain imports only the standard library, lo and domain", domainImportsInwards},
	{"domain does no SQL, HTTP, JSON, files or network", domainDoesNoInputOutput},
	{"domain reads no clock", domainReadsNoClock},
	{"domain counts in whole numbers", domainHasNoFloats},
	{"domain types carry no tags of a format or a store", domainHasNoTags},
	{"use cases import only the standard library, lo, x/sync, domain and usecase", useCasesImportInwards},
	{"an adapter imports domain, usecase and itself, never another adapter", adaptersStandAlone},
	{"migrations know nothing of the program", migrationsStandAlone},
	{"fx stays in bootstrap and main", fxStaysOutside},
	{"test support is imported by tests only", testSupportStaysInTests},
	{"use case packages are activities", useCasesAreActivities},
	{"no package is a drawer", noDrawers},
	{"package names never collide", namesNeverCollide},
}

// exception lets packages under from import packages under to, for a reason that a reader can check.
type exception struct {
	from, to  string
	testsOnly bool
	why       string
}

var exceptions = []exception{
	{"usecase", "adapter/memory", true, "use cases are tested on the real in-memory adapter, which the contract suites hold to PostgreSQL's semantics; no mocks"},
	{"adapter", "adapter/memory", true, "edges such as rest and queue are tested with real use cases over the in-memory adapter; no mocks"},
	{"adapter/queue", "adapter/localredis", true, "the queue is tested on the Redis that the platform brings itself as on a real one"},
	{"adapter", "adapter/pgcluster", true, "tests of an adapter that speaks SQL start a private real PostgreSQL"},
	{"adapter/postgres", "migrations", false, "the adapter runs the steps of its own schema"},
	{"adapter", "migrations", true, "tests of an adapter that speaks SQL need the real schema"},
	{"domain", "usecase", true, "contract suites run what they check in units of work"},
	{"migrations", "adapter/pgcluster", true, "migrations are run, with their assertions, on a private real PostgreSQL"},
}

// testLibraries may be imported by tests and by contract suites.
var testLibraries = []string{"github.com/stretchr/testify", "pgregory.net/rapid"}

const loLibrary = "github.com/samber/lo"

func domainImportsInwards(tree []source) []string {
	return strangers(under(tree, "domain"), func(imported string) bool {
		return isStandard(imported) || within(imported, loLibrary) || inModule(imported, "domain")
	})
}

func useCasesImportInwards(tree []source) []string {
	inwards := func(imported string) bool {
		return isStandard(imported) || within(imported, loLibrary) || within(imported, "golang.org/x/sync") ||
			inModule(imported, "domain") || inModule(imported, "usecase")
	}
	breaches := strangers(under(tree, "usecase"), inwards)
	for _, p := range under(tree, "usecase") {
		for _, imported := range p.imports {
			if within(imported, "database/sql") || within(imported, "net/http") {
				breaches = append(breaches, p.path+" imports "+imported)
			}
		}
	}
	return breaches
}

// adaptersStandAlone judges imports within the module only: an adapter's own libraries are its business.
func adaptersStandAlone(tree []source) []string {
	var breaches []string
	for _, p := range under(tree, "adapter") {
		own := strings.Join(strings.SplitN(p.path, "/", 3)[:min(2, strings.Count(p.path, "/")+1)], "/")
		breaches = append(breaches, strangers([]source{p}, func(imported string) bool {
			return !inModule(imported, "") ||
				inModule(imported, "domain") || inModule(imported, "usecase") || inModule(imported, own)
		})...)
	}
	return breaches
}

func migrationsStandAlone(tree []source) []string {
	return strangers(under(tree, "migrations"), func(imported string) bool {
		return !inModule(imported, "") || inModule(imported, "migrations")
	})
}

// strangers names the imports that belongs refuses, beside what tests may use and the exceptions.
func strangers(packages []source, belongs func(imported string) bool) []string {
	var breaches []string
	for _, p := range packages {
		for _, imported := range p.imports {
			if !belongs(imported) && !(isTestSupport(p.path) && isTestLibrary(imported)) && !excepted(p.path, imported, isTestSupport(p.path)) {
				breaches = append(breaches, p.path+" imports "+imported)
			}
		}
		for _, imported := range p.testImports {
			if !belongs(imported) && !isTestLibrary(imported) && !excepted(p.path, imported, true) {
				breaches = append(breaches, "a test of "+p.path+" imports "+imported)
			}
		}
	}
	return breaches
}

func domainDoesNoInputOutput(tree []source) []string {
	exact := []string{"net", "os", "syscall", "testing/iotest"}
	trees := []string{"database/sql", "net/http", "encoding/json", "net/smtp", "net/rpc", "os/exec", "os/signal"}
	var breaches []string
	for _, p := range under(tree, "domain") {
		for _, imported := range p.imports {
			banned := slices.Contains(exact, imported) ||
				slices.ContainsFunc(trees, func(t string) bool { return within(imported, t) })
			if banned {
				breaches = append(breaches, p.path+" imports "+imported)
			}
		}
	}
	return breaches
}

// domainReadsNoClock finds every mention, not only calls, so that time.Now handed over as a value shows too. Contract
// suites are tests, which may have a clock.
func domainReadsNoClock(tree []source) []string {
	tree = slices.DeleteFunc(slices.Clone(tree), func(p source) bool { return isTestSupport(p.path) })
	banned := []string{"Now", "Since", "Until", "After", "AfterFunc", "Sleep", "Tick", "NewTimer", "NewTicker"}
	return inspectDomain(tree, func(file *ast.File, node ast.Node) string {
		selector, ok := node.(*ast.SelectorExpr)
		if !ok || !isPackage(file, selector.X, "time") || !slices.Contains(banned, selector.Sel.Name) {
			return ""
		}
		return "uses time." + selector.Sel.Name
	})
}

// domainHasNoFloats works on syntax: it sees the types, literals such as 0.5, and the calls that make floats.
// The integer limits of package math are welcome, its functions are not.
func domainHasNoFloats(tree []source) []string {
	integerLimit := regexp.MustCompile(`^(Max|Min)(Int|Uint)(8|16|32|64)?$`)
	return inspectDomain(tree, func(file *ast.File, node ast.Node) string {
		switch n := node.(type) {
		case *ast.Ident:
			if n.Name == "float32" || n.Name == "float64" || n.Name == "complex64" || n.Name == "complex128" {
				return "uses " + n.Name
			}
		case *ast.BasicLit:
			if n.Kind == token.FLOAT || n.Kind == token.IMAG {
				return "has the literal " + n.Value
			}
		case *ast.SelectorExpr:
			if isPackage(file, n.X, "math") && !integerLimit.MatchString(n.Sel.Name) {
				return "uses math." + n.Sel.Name
			}
			if isPackage(file, n.X, "strconv") && strings.HasSuffix(n.Sel.Name, "Float") {
				return "uses strconv." + n.Sel.Name
			}
		}
		return ""
	})
}

func domainHasNoTags(tree []source) []string {
	return inspectDomain(tree, func(_ *ast.File, node ast.Node) string {
		field, ok := node.(*ast.Field)
		if !ok || field.Tag == nil {
			return ""
		}
		return "has the tag " + field.Tag.Value
	})
}

// inspectDomain asks see about every node of every domain file and adds the place to what it says.
func inspectDomain(tree []source, see func(*ast.File, ast.Node) string) []string {
	var breaches []string
	for _, p := range under(tree, "domain") {
		for _, file := range p.files {
			ast.Inspect(file, func(node ast.Node) bool {
				if node == nil {
					return false
				}
				if breach := see(file, node); breach != "" {
					at := p.fset.Position(node.Pos())
					breaches = append(breaches, fmt.Sprintf("%s: %s:%d %s", p.path, at.Filename, at.Line, breach))
				}
				return true
			})
		}
	}
	return breaches
}

func fxStaysOutside(tree []source) []string {
	var breaches []string
	for _, p := range tree {
		if p.path == "" || within(p.path, "bootstrap") {
			continue
		}
		for _, imported := range slices.Concat(p.imports, p.testImports) {
			if within(imported, "go.uber.org/fx") || within(imported, "go.uber.org/dig") {
				breaches = append(breaches, p.path+" imports "+imported)
			}
		}
	}
	return breaches
}

func testSupportStaysInTests(tree []source) []string {
	var breaches []string
	for _, p := range tree {
		if isTestSupport(p.path) || within(p.path, "e2e") {
			continue
		}
		for _, imported := range p.imports {
			if isTestLibrary(imported) || imported == "testing" || inModule(imported, "") && isTestSupport(imported) {
				breaches = append(breaches, p.path+" imports "+imported)
			}
		}
	}
	return breaches
}

func useCasesAreActivities(tree []source) []string {
	var breaches []string
	for _, p := range under(tree, "usecase") {
		parts := strings.Split(p.path, "/")
		if len(parts) > 1 && !strings.HasSuffix(parts[1], "ing") && parts[1] != "signingin" && !isTestSupport(p.path) {
			breaches = append(breaches, p.path+" is not named for an activity")
		}
	}
	return breaches
}

func noDrawers(tree []source) []string {
	drawers := []string{"util", "utils", "common", "shared", "helper", "helpers", "service", "services", "misc", "manager"}
	var breaches []string
	for _, p := range tree {
		for _, word := range append(strings.Split(p.path, "/"), p.name) {
			if slices.Contains(drawers, word) {
				breaches = append(breaches, fmt.Sprintf("%s is a drawer: %s says nothing about what is inside", p.path, word))
				break
			}
		}
	}
	return breaches
}

// namesNeverCollide keeps imports free of aliases.
func namesNeverCollide(tree []source) []string {
	var breaches []string
	first := map[string]string{}
	for _, p := range tree {
		if p.name == "main" {
			continue
		}
		if other, taken := first[p.name]; taken {
			breaches = append(breaches, fmt.Sprintf("%s and %s are both named %s", other, p.path, p.name))
			continue
		}
		first[p.name] = p.path
	}
	return breaches
}

// homes are the folders of the house. A new one needs a reason in the design before a line here.
var homes = []string{
	"domain", "usecase", "adapter", "bootstrap", "migrations", "webadmin", "mobile", "e2e", "docs", "tools",
}

// strayFolders judges the names at the root. Dot folders belong to tools, except that .ci is ours and welcome;
// dist and node_modules are made by builds and never committed.
func strayFolders(names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return strings.HasPrefix(name, ".") || name == "dist" || name == "node_modules" || slices.Contains(homes, name)
	})
}

func under(tree []source, folder string) []source {
	var found []source
	for _, p := range tree {
		if within(p.path, folder) {
			found = append(found, p)
		}
	}
	return found
}

// within reports whether path is root or lies below it.
func within(path, root string) bool {
	return path == root || strings.HasPrefix(path, root+"/")
}

// inModule reports whether an import path is this module's folder or below it; the empty folder is the whole module.
func inModule(imported, folder string) bool {
	if folder == "" {
		return within(imported, moduleName)
	}
	return within(imported, moduleName+"/"+folder)
}

func isStandard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return !strings.Contains(first, ".") && first != moduleName && imported != "C"
}

// isTestSupport recognises the contract suites and fixtures, which are named <noun>test.
func isTestSupport(path string) bool { return strings.HasSuffix(path, "test") }

func isTestLibrary(imported string) bool {
	return slices.ContainsFunc(testLibraries, func(library string) bool { return within(imported, library) })
}

func excepted(path, imported string, inTest bool) bool {
	return slices.ContainsFunc(exceptions, func(e exception) bool {
		return within(path, e.from) && inModule(imported, e.to) && (inTest || !e.testsOnly)
	})
}

// isPackage reports whether x is the name under which file imports path, whatever alias it uses.
func isPackage(file *ast.File, x ast.Expr, path string) bool {
	ident, ok := x.(*ast.Ident)
	if !ok {
		return false
	}
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil || imported != path {
			continue
		}
		name := path[strings.LastIndex(path, "/")+1:]
		if spec.Name != nil {
			name = spec.Name.Name
		}
		return ident.Name == name
	}
	return false
}
