"""From a base pipeline.config to a complete one. The component: components.config_patcher.component.

For other components: `bases`, `zoo` and `checkpoint`, what models there are and how to read them; `recipe`,
`shorthand` and `ground_truth`, from what a run config asks to a complete config; `hyperparameters`, found by a search.
"""

PUBLIC = ('bases', 'checkpoint', 'ground_truth', 'hyperparameters', 'recipe', 'shorthand', 'zoo')
