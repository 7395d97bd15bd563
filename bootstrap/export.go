package bootstrap

import (
	"bufio"
	"context"

	"github.com/spf13/cobra"
	"go.uber.org/fx"

	"lovesaijo/adapter/plaintext"
	"lovesaijo/domain/proof"
)

func (p *program) export() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use: "export", Short: "Write the journal for another accounting program to standard output", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withServers(cmd.Context(), func(ctx context.Context) error {
				var books proof.Books
				return p.while(ctx, p.graph(now, fx.Populate(&books)), func(ctx context.Context) error {
					reading, err := books.Read(ctx)
					if err != nil {
						return err
					}
					defer reading.Close()
					out := bufio.NewWriterSize(p.out, 1<<20)
					if err := plaintext.Write(ctx, out, plaintext.Format(format), reading.Journal); err != nil {
						return err
					}
					return out.Flush()
				})
			})
		},
	}
	cmd.Flags().StringVar(&format, "format", string(plaintext.Hledger), "hledger or beancount")
	return cmd
}
