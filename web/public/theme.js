// Before anything is painted, so that a chosen theme does not flash in. src/ui/theme.ts writes what is read here.
try {
  const theme = localStorage.getItem('millrace-theme')
  if (theme === 'dark' || theme === 'light') document.documentElement.dataset.theme = theme
} catch {}
