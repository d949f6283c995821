"""From a base pipeline.config to a complete one. The component: components.config_patcher.component."""
