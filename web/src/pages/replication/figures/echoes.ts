/** Problems of both tasks, without those that only repeat the other one's. */
import type { OpsProblem } from '../wire.ts'

/** A source task that asks a target which cannot answer tells the target's own problem once more. */
export function withoutEchoes(problems: readonly OpsProblem[]): readonly OpsProblem[] {
  const isEcho = (problem: OpsProblem) =>
    problem.remedy === 'retry' &&
    problems.some(
      (other) => other.role !== problem.role && other.remedy !== 'retry' && other.message === problem.message,
    )
  return problems.filter((problem) => !isEcho(problem))
}
