package sealfile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/sealfile"
	"lovesaijo/domain/proof"
	"lovesaijo/domain/prooftest"
)

func TestTheFileOfHeadsKeepsTheContractOfHeads(t *testing.T) {
	t.Parallel()
	prooftest.Heads(t, func(t *testing.T) proof.Heads {
		t.Helper()
		return sealfile.New(filepath.Join(t.TempDir(), "heads.jsonl"))
	})
}

func TestALineThatACrashCutOffIsPassedOver(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "heads.jsonl")
	file := sealfile.New(path)
	require.NoError(t, file.Append(t.Context(), []proof.Seal{prooftest.Example(1), prooftest.Example(2)}))
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, whole[:len(whole)-30], 0o600))

	last, _, err := file.Last(t.Context())
	require.NoError(t, err)
	require.Equal(t, prooftest.Example(1), last, "the second head is cut off")

	require.NoError(t, file.Append(t.Context(), []proof.Seal{prooftest.Example(2), prooftest.Example(3)}))
	var found []proof.Seal
	require.NoError(t, file.Each(t.Context(), func(head proof.Seal) error {
		found = append(found, head)
		return nil
	}))
	require.Equal(t, []proof.Seal{prooftest.Example(1), prooftest.Example(2), prooftest.Example(3)}, found)
}

func TestTheLastHeadIsFoundInALongFileAndBeforeAForgedTail(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "heads.jsonl")
	file := sealfile.New(path)
	for no := range int64(100) {
		require.NoError(t, file.Append(t.Context(), []proof.Seal{prooftest.Example(no + 1)}))
	}
	last, ok, err := file.Last(t.Context())
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, prooftest.Example(100), last)

	handle, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = handle.WriteString(strings.Repeat("nonsense\n", 3000))
	require.NoError(t, err)
	require.NoError(t, handle.Close())
	last, ok, err = file.Last(t.Context())
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, prooftest.Example(100), last)
}

func TestAHeadInAFolderThatDoesNotExistIsAnError(t *testing.T) {
	t.Parallel()
	file := sealfile.New(filepath.Join(t.TempDir(), "nowhere", "heads.jsonl"))
	require.ErrorIs(t, file.Append(t.Context(), []proof.Seal{prooftest.Example(1)}), os.ErrNotExist)
}
