package bootstrap

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"go.uber.org/fx"

	"lovesaijo/adapter/postgres"
	"lovesaijo/adapter/rest"
	"lovesaijo/domain/access"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/proving"
	"lovesaijo/usecase/registering"
)

func (p *program) verify() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "verify", Short: "Prove the books: recompute everything from the journal alone and compare", Args: cobra.NoArgs,
		Long: "Recomputes every balance, lot, pot and fund from the journal alone, checks the seals and their exported heads,\n" +
			"and compares with what stands. Ends with 0 when the books are clean and with 1 when they are not.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withServers(cmd.Context(), func(ctx context.Context) error { return p.proveBooks(ctx, asJSON) })
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the verdict as JSON")
	return cmd
}

// withServers does something on the servers that the environment names or, without any, on the private ones that
// a demonstration left in the data folder.
func (p *program) withServers(ctx context.Context, do func(context.Context) error) error {
	servers, err := embed(ctx, &p.config, false, p.log)
	if err != nil {
		return err
	}
	defer servers.stop(p.log)
	if err := postgres.Migrate(ctx, p.config.DatabaseURL); err != nil {
		return err
	}
	return do(ctx)
}

// proveBooks prints the verdict of a proof and returns errFindings unless it is clean.
func (p *program) proveBooks(ctx context.Context, asJSON bool) error {
	var verify *proving.Verify
	app := p.graph(now, fx.Populate(&verify))
	return p.while(ctx, app, func(ctx context.Context) error {
		verdict, err := verify.Do(ctx)
		if err != nil {
			return err
		}
		if asJSON {
			encoder := json.NewEncoder(p.out)
			encoder.SetIndent("", "  ")
			err = encoder.Encode(verdict)
		} else {
			_, err = fmt.Fprintln(p.out, strings.TrimSpace(verdict.String()))
		}
		if err == nil && !verdict.Clean {
			err = errFindings
		}
		return err
	})
}

func (p *program) admin() *cobra.Command {
	admin := &cobra.Command{Use: "admin", Short: "Administrators' accounts"}
	var email, name, kana string
	create := &cobra.Command{
		Use: "create", Short: "Make an administrator with a random initial password, which is printed once", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withServers(cmd.Context(), func(ctx context.Context) error {
				var desk *registering.Desk
				password := access.Password(randomPassword())
				return p.while(ctx, p.graph(now, fx.Populate(&desk)), func(ctx context.Context) error {
					made, err := desk.Register(ctx, operator, registering.Registration{
						Role: user.Administrator, Email: email, Password: password,
						Profile: user.Profile{Name: name, Kana: kana, Birth: calendar.Never},
					})
					if err != nil {
						return inWords(err)
					}
					_, err = fmt.Fprintf(p.out, "id: %s\nemail: %s\npassword: %s\n", made.User.ID, email, string(password))
					return err
				})
			})
		},
	}
	create.Flags().StringVar(&email, "email", "", "the address to sign in with")
	create.Flags().StringVar(&name, "name", "管理者", "the name that others see")
	create.Flags().StringVar(&kana, "kana", "カンリシャ", "its reading in katakana")
	_ = create.MarkFlagRequired("email") // fails only for a flag that is not there
	admin.AddCommand(create)
	return admin
}

func (p *program) openapi() *cobra.Command {
	return &cobra.Command{
		Use: "openapi", Short: "Write the contract of the HTTP interface to standard output", Args: cobra.NoArgs,
		PersistentPreRunE: func(*cobra.Command, []string) error { return nil }, // needs no configuration
		RunE: func(*cobra.Command, []string) error {
			document, err := rest.OpenAPI()
			if err == nil {
				_, err = os.Stdout.Write(document)
			}
			return err
		},
	}
}
