/** Starts the page. */
import { render } from 'preact'
import { startEvents } from './api/events.ts'
import { App } from './app.tsx'
import { startClock } from './live/now.ts'
import './styles/base.css'
import './styles/shell.css'
import './styles/components.css'
import './styles/forms.css'
import './styles/overlays.css'
import './styles/table.css'

const root = document.getElementById('app')
if (root !== null) render(<App />, root)
startClock()
startEvents()
