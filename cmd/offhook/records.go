package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"offhook/core/journal/record"
)

func newRecordsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "records",
		Short: "Work with call records",
		Long:  "Work with the call records that the server writes into records.dir, without the server.",
		Args: func(_ *cobra.Command, args []string) error {
			return errors.New("records: write export after it")
		},
		RunE: func(*cobra.Command, []string) error { return nil }, // Args refuses them all
	}
	cmd.AddCommand(newRecordsExportCommand())
	return cmd
}

func newRecordsExportCommand() *cobra.Command {
	format := "csv"
	cmd := &cobra.Command{
		Use:     "export FILE…",
		Short:   "Print call records as CSV, with a header line",
		Long:    "Print the call records of files as CSV (RFC 4180) with a header line; - is standard input.",
		Example: "  offhook records export --format csv records/calls-*.jsonl > calls.csv",
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case format != "csv":
				return fmt.Errorf("records export: flag --format: %q is not a format: write csv", format)
			case len(args) == 0:
				return errors.New("records export: write the files of records, for example: offhook records export records/calls-*.jsonl")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			out := record.NewCSV(cmd.OutOrStdout())
			for _, name := range args {
				if err := exportFile(cmd.InOrStdin(), name, out); err != nil {
					return failed(err)
				}
			}
			return failed(out.Flush())
		},
	}
	cmd.Flags().StringVar(&format, "format", format, "`format`: csv")
	return cmd
}

func exportFile(stdin io.Reader, name string, out *record.CSV) error {
	if name == "-" {
		return record.Read(stdin, "standard input", out.Add)
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return record.Read(f, name, out.Add)
}
