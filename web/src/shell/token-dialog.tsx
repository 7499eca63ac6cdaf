/** Asks for the access token when the agent wants one. */
import { useState } from 'preact/hooks'
import { giveToken, tokenQuestion } from '../api/token.ts'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Field } from '../ui/field.tsx'
import { TextInput } from '../ui/inputs.tsx'

export function TokenDialog() {
  const why = tokenQuestion.value
  return why === null ? null : <Asking why={why} />
}

function Asking({ why }: { readonly why: string }) {
  const [token, setToken] = useState('')
  const isWrong = why.includes("is not this agent's")
  const send = () => {
    if (token.trim() === '') return
    giveToken(token.trim())
    setToken('')
  }
  return (
    <Dialog
      title="This agent asks for a token"
      isOpen
      size="narrow"
      onClose={() => {}}
      onSubmit={send}
      actions={
        <Button kind="primary" type="submit" disabled={token.trim() === ''}>
          Continue
        </Button>
      }
    >
      <Field
        label="Access token"
        hint="One of the lines of the agent's --api-token-file. It is kept until this tab is closed."
        error={isWrong ? 'This token is not accepted' : undefined}
      >
        <TextInput isCode type="password" value={token} onInput={setToken} autoFocus />
      </Field>
    </Dialog>
  )
}
