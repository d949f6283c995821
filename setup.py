"""The project as a Python package; also what Beam's --setup_file and the container image install.

Bounds live here alone: requirements.lock (the current stack, Python 3.12) and requirements-legacy.lock (Python 3.10)
are resolved from this file (make lock). Why each pin: docs/stack.md.
"""

from setuptools import find_packages, setup

BOTH = [
  'tf-models-research-object-detection==2.8.0.post1',
  'tf-slim>=1.1',  # the OD API's decoder
  'apache-beam>=2.60,<3',
  'dill',  # tfx_bsl imports it; current Beam no longer brings it
  'pyyaml>=6',
  'defusedxml>=0.7.1',
  'pillow>=10',
  'simplejpeg>=1.9',  # libjpeg-turbo without Pillow's way to it, a quarter of the time of a check
  'isal>=1.7',  # inflates a PNG's pixels in less than half of zlib's time
  'pycocotools>=2.0.7',
  'matplotlib>=3.7',
  'jinja2>=3.1',
  'tqdm>=4.66',
  'optuna>=5,<6',  # hyperparameter search
  'tf2onnx>=1.17,<2',
  'onnxruntime>=1.20',  # runs what tf2onnx made
  'google-crc32c>=1.5',  # the checksums of TFRecord
  'scikit-learn>=1.3',  # the classifiers on features of crops
  'scipy>=1.10',
  'requests>=2.31',  # TensorFlow Serving, KFP and labelling tools, by HTTP
  'h5py>=3.8',  # weights of Keras in HDF5
  # What the packages above and below bring anyway, and in the version that they need.
  'absl-py',
  'fsspec',
  'grpcio',
  'kubernetes',
  'ml-metadata',
  'onnx',
  'sqlalchemy>=2',
  'tensorflow-data-validation',
]
CURRENT = [
  'tfx==1.21.0',
  'tensorflow==2.21.0',
  'tf-keras==2.21.0',  # Keras 2, which the OD API is written for
  'tf-models-official==2.20.0',
  'tensorboard>=2.20',  # TensorFlow no longer brings it
  'kfp>=2.16,<3',
  'protobuf>=6.31,<7',
  's3fs>=2026.9',  # s3://: tensorflow-io has no build for TF 2.21
  'aiobotocore',  # this and botocore: in the version that s3fs needs
  'botocore',
  'numpy>=2,<3',
  'pydantic>=2.11,<3',
  'opencv-python-headless>=4.12',
  'tensorflow-serving-api>=2.19',
]
LEGACY = [
  'tfx==1.15.1',
  'tensorflow==2.15.1',
  'tf-models-official==2.15.0',
  'tensorboard',  # in the version that TensorFlow needs
  'kfp==1.8.22',
  'protobuf==3.20.3',  # tfx 1.15 needs < 5, kfp 1.8 < 4
  'tensorflow-io==0.36.0',  # the TF 2.15 build: s3:// for TF's file layer
  'setuptools<81',  # tensorboard 2.15 and kfp 1.8 import pkg_resources
  'numpy>=1.24,<2',
  'pydantic>=1.10,<2',  # kfp 1.8 holds it below 2
  'opencv-python-headless>=4.8,<4.12',
  'tensorflow-serving-api>=2.15,<2.16',
]

setup(
  name='detection-pipeline',
  version='0.1.0',
  description='From a labelImg folder to a served object detector: TFX components around the TF Object Detection API.',
  license='Apache-2.0',
  python_requires='>=3.10,!=3.11.*,<3.13',
  packages=find_packages(include=['detection*', 'components*', 'pipeline*', 'kubeflow*', 'cli*']),
  # Folders of data are no packages: ** reaches below them.
  package_data={'': ['**/*.config', '**/*.html', '**/*.yaml', '**/*.lock', '**/*.sh', '**/*.md']},
  entry_points={'console_scripts': ['detection-pipeline=cli.main:main']},
  install_requires=[
    *BOTH,
    *(f'{package} ; python_version >= "3.12"' for package in CURRENT),
    *(f'{package} ; python_version < "3.11"' for package in LEGACY),
  ],
  extras_require={
    # Logs runs to an MLflow server. In no lock: release 2 would hold packaging of the legacy stack below 25, and
    # release 3 needs pydantic 2, which kfp 1.8 does not take.
    'mlflow': [
      'mlflow-skinny>=3,<4 ; python_version >= "3.12"',
      'mlflow-skinny>=2.20,<3 ; python_version < "3.11"',
    ],
    'dev': [
      'pytest>=8',
      'pytest-xdist>=3.6',
      'hypothesis>=6',
      'jsonschema>=4',  # manifests, checked against the definitions of a cluster; kfp brings it too
      'cryptography>=42',  # the certificate of a stub of Kubernetes; others bring it too
      'ruff>=0.8',
      'mypy>=2,<3',
      'types-PyYAML',
      'types-defusedxml',
      'types-tqdm',
      'psutil>=5.9',
    ],
  },
)
