/** What keeps `millrace copy` from beginning. */
import { MillraceError } from '../../core/errors.ts'

/** What the copy needs of the servers is missing; each text says how to cure it. Nothing was changed. */
export class CopyRefusedError extends MillraceError {
  readonly code = 'COPY_REFUSED'
  readonly remedy = 'operator'

  constructor(texts: readonly string[]) {
    super(texts.join('\nmillrace: '))
  }
}

/** The flags that choose what to copy choose nothing that is there. */
export class CopyScopeError extends MillraceError {
  readonly code = 'COPY_SCOPE'
  readonly remedy = 'fix-request'
}

/** Ctrl-C or Ctrl-D at a question. */
export class QuestionRefusedError extends MillraceError {
  readonly code = 'CLI_QUESTION_REFUSED'
  readonly remedy = 'fix-request'
}
