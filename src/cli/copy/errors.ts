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

/** Ctrl-C or Ctrl-D at a question. */
export class QuestionRefusedError extends MillraceError {
  readonly code = 'CLI_QUESTION_REFUSED'
  readonly remedy = 'fix-request'
}
