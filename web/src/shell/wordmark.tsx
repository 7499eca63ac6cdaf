/** The wheel over the race, and the name; leads to the overview. */
import { Link } from 'wouter-preact'

export function Wordmark() {
  return (
    <Link href="/" class="wordmark" aria-label="Millrace, to the overview">
      <svg
        width="26"
        height="26"
        viewBox="0 0 32 32"
        aria-hidden="true"
        fill="none"
        stroke="currentColor"
        stroke-linecap="round"
      >
        <circle cx="16" cy="12.5" r="7" stroke-width="2.2" />
        <path stroke-width="1.5" d="M16 2.5v20M6 12.5h20M9 5.5l14 14M23 5.5l-14 14" />
        <path
          class="wordmark-water"
          stroke-width="2.4"
          d="M2 26c3.5 0 3.5 2.6 7 2.6S12.500 26 16 26s3.500 2.600 7 2.600S26.500 26 30 26"
        />
      </svg>
      <span>Millrace</span>
    </Link>
  )
}
