/** What can be done to a job and to its executions, each as one request. */
import { api } from '../../api/client.ts'
import { executionPath, jobPath } from './wire.ts'

export function runJob(name: string): Promise<void> {
  return api.send('POST', jobPath(name))
}

export function deleteJob(name: string): Promise<void> {
  return api.send('DELETE', jobPath(name))
}

/** Only this field is sent, so nothing else that somebody changes meanwhile is undone. */
export function setDisabled(name: string, disabled: boolean): Promise<void> {
  return api.send('PATCH', '/v1/jobs', { name, disabled })
}

export function stopExecution(name: string, id: string): Promise<void> {
  return api.send('DELETE', executionPath(name, id))
}

/** What is asked before one job is deleted. */
export function deleteQuestion(name: string) {
  return {
    title: `Delete ${name}?`,
    text: 'Its schedule ends and its history goes with it. What runs now runs on to its end.',
    action: 'Delete job',
  }
}
