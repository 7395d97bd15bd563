package bank

// Kana is text as transfer files have it: narrow katakana with its marks as characters of their own, capital
// letters, digits and a few symbols. Its length in a file is its number of characters.
type Kana string
