package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"offhook/scripting/apidoc"
	"offhook/scripting/scripttest"
)

func newAPICommand() *cobra.Command {
	format := "markdown"
	cmd := &cobra.Command{
		Use:   "api",
		Short: "Print what scripts can use: a page, editor stubs or JSON",
		Long: "Print every verb, field, module and handler that scripts can use, as a Markdown page, as stubs for\n" +
			"lua-language-server (as offhook stubs does) or as JSON.",
		Example: "  offhook api\n  offhook api --format json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ref := scripttest.NewReference()
			var text string
			switch format {
			case "markdown":
				text = apidoc.Markdown(ref)
			case "stubs":
				text = apidoc.Stubs(ref)
			case "json":
				encoded, err := apidoc.JSON(ref)
				if err != nil {
					return failed(err)
				}
				text = string(encoded)
			default:
				return fmt.Errorf("api: flag --format: %q is not a format: write markdown, stubs or json", format)
			}
			_, err := fmt.Fprint(cmd.OutOrStdout(), text)
			return failed(err)
		},
	}
	cmd.Flags().StringVar(&format, "format", format, "`format`: markdown, stubs or json")
	return cmd
}

func newStubsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "stubs",
		Short: "Print what scripts can use as stubs for an editor",
		Long: "Print every verb, field, module and handler that scripts can use as a definition file for lua-language-server, which most\n" +
			"editors know: with offhook.d.lua in the folder of the scripts it completes, explains and checks verbs and their options.\n" +
			"Write ---@param call Call before a handler, so that the editor knows what call is. Files *.d.lua are not loaded as scripts.",
		Example: "  offhook stubs > scripts/offhook.d.lua",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprint(cmd.OutOrStdout(), apidoc.Stubs(scripttest.NewReference()))
			return failed(err)
		},
	}
}
