"""The project as a Python package; also what Beam's --setup_file and the container image install.

Bounds live here alone: requirements.lock is resolved from this file (make lock). Why each pin: README.md, "The stack".
"""

from setuptools import find_packages, setup

setup(
  name='detection-pipeline',
  version='0.1.0',
  description='From a labelImg folder to a served object detector: TFX components around the TF Object Detection API.',
  license='Apache-2.0',
  python_requires='>=3.10,<3.11',
  packages=find_packages(include=['detection*', 'components*', 'pipeline*', 'kubeflow*', 'cli*']),
  # Folders of data are no packages: ** reaches below them.
  package_data={'': ['**/*.config', '**/*.html', '**/*.yaml', '**/*.lock', '**/*.sh', '**/*.md']},
  entry_points={'console_scripts': ['detection-pipeline=cli.main:main']},
  install_requires=[
    'tfx==1.15.1',
    'tensorflow==2.15.1',
    'tf-models-official==2.15.0',
    'tf-models-research-object-detection==2.8.0.post1',
    'apache-beam>=2.60,<3',
    'kfp==1.8.22',
    'protobuf==3.20.3',  # the OD API's generated protos need < 4
    'dill',  # tfx_bsl imports it; current Beam no longer brings it
    'tensorflow-io==0.36.0',  # the TF 2.15 build: s3:// for TF's file layer
    'setuptools<81',  # tensorboard 2.15 and kfp 1.8 import pkg_resources
    'numpy>=1.24,<2',
    'pydantic>=1.10,<2',  # kfp 1.8 holds it below 2
    'pyyaml>=6',
    'defusedxml>=0.7.1',
    'pillow>=10',
    'pycocotools>=2.0.7',
    'matplotlib>=3.7',
    'jinja2>=3.1',
    'tqdm>=4.66',
    'opencv-python-headless>=4.8,<4.12',
    'tensorflow-serving-api>=2.15,<2.16',
    'optuna>=5,<6',  # hyperparameter search
    'tf2onnx>=1.17,<2',
    'onnxruntime>=1.20',  # runs what tf2onnx made
    'google-crc32c>=1.5',  # the checksums of TFRecord
    'scikit-learn>=1.3',  # the classifiers on features of crops
    'scipy>=1.10',
  ],
  extras_require={
    'dev': [
      'pytest>=8',
      'pytest-xdist>=3.6',
      'hypothesis>=6',
      'ruff>=0.8',
      'mypy>=2,<3',
      'types-PyYAML',
      'types-defusedxml',
      'types-tqdm',
      'psutil>=5.9',
    ],
  },
)
