"""Trains a complete pipeline.config. The component: components.trainer.component.

For other components: `training`, with its `settings`, `hooks` and `state`; `scan`, whether examples can be trained on;
`executor`, how a training is named by its content.
"""

PUBLIC = ('executor', 'hooks', 'scan', 'settings', 'state', 'training')
