"""The TF2 model garden's other configs, by their published settings in short form: each goes through, boxes alone."""

READERS = """
train_input_reader { label_map_path: "PATH_TO_BE_CONFIGURED/label_map.txt" %(reader)s
  tf_record_input_reader { input_path: "PATH_TO_BE_CONFIGURED/train2017-?????-of-00256.tfrecord" } }
eval_config { metrics_set: "coco_detection_metrics" use_moving_averages: false batch_size: 1 %(evaluation)s }
eval_input_reader { label_map_path: "PATH_TO_BE_CONFIGURED/label_map.txt" shuffle: false num_epochs: 1 %(reader)s
  tf_record_input_reader { input_path: "PATH_TO_BE_CONFIGURED/val2017-?????-of-00032.tfrecord" } }
"""

TPU = 'sync_replicas: true startup_delay_steps: 0 replicas_to_aggregate: %d use_bfloat16: true'

START = 'fine_tune_checkpoint_version: V2 fine_tune_checkpoint: "PATH_TO_BE_CONFIGURED" fine_tune_checkpoint_type: "%s"'

FLIP = 'data_augmentation_options { random_horizontal_flip {} }'

SQUARE = """data_augmentation_options { random_scale_crop_and_pad_to_square {
  output_size: %d scale_min: 0.1 scale_max: 2.0 } }"""

CROP = """data_augmentation_options { random_crop_image { min_object_covered: 0.0 min_aspect_ratio: 0.75
  max_aspect_ratio: 3.0 min_area: 0.75 max_area: 1.0 overlap_thresh: 0.0 } }"""

POINTS = """
data_augmentation_options { random_crop_image { min_aspect_ratio: 0.5 max_aspect_ratio: 1.7 random_coef: 0.25 } }
data_augmentation_options { random_adjust_hue {} } data_augmentation_options { random_adjust_contrast {} }
data_augmentation_options { random_adjust_saturation {} } data_augmentation_options { random_adjust_brightness {} }
data_augmentation_options { random_absolute_pad_image { max_height_padding: 200 max_width_padding: 200
  pad_color: [0, 0, 0] } }"""

COSINE = """cosine_decay_learning_rate { learning_rate_base: %(base)s total_steps: %(steps)d
  warmup_learning_rate: %(warm)s warmup_steps: %(warmup)d }"""

MOMENTUM = """optimizer { momentum_optimizer { learning_rate { %s } momentum_optimizer_value: 0.9 }
  use_moving_average: false }"""

ADAM = 'optimizer { adam_optimizer { epsilon: 1e-7 learning_rate { %s } } use_moving_average: false }'


def square(side):
  return f'keep_aspect_ratio_resizer {{ min_dimension: {side} max_dimension: {side} pad_to_max_dimension: true }}'


def fixed(side):
  return f'fixed_shape_resizer {{ height: {side} width: {side} }}'


BOXES = """object_detection_task { task_loss_weight: 1.0 offset_loss_weight: 1.0 scale_loss_weight: 0.1
  localization_loss { l1_localization_loss {} } }"""


def center_net(kind, side, train, tasks=BOXES, extractor='', flip='', reader='', evaluation=''):
  heat = 'classification_loss { penalty_reduced_logistic_focal_loss { alpha: 2.0 beta: 4.0 } }'
  return f"""model {{ center_net {{ num_classes: 90 feature_extractor {{ type: "{kind}" {extractor} }}
    image_resizer {{ {square(side)} }} {tasks} object_center_params {{ object_center_loss_weight: 1.0
      min_box_overlap_iou: 0.7 max_box_predictions: 100 {heat} }} }} }}
  train_config {{ max_number_of_boxes: 100 unpad_groundtruth_tensors: false {START % 'detection'} {train}
    data_augmentation_options {{ random_horizontal_flip {{ {flip} }} }} {POINTS} }}
  {READERS % {'reader': reader, 'evaluation': evaluation}}"""


def ssd(kind, resizer, pyramid, predictor, loss, train, levels=(3, 7)):
  regular = 'regularizer { l2_regularizer { weight: 0.0004 } }'
  layers = f"""conv_hyperparams {{ activation: RELU_6 {regular}
    initializer {{ truncated_normal_initializer {{ stddev: 0.03 mean: 0.0 }} }}
    batch_norm {{ scale: true decay: 0.997 epsilon: 0.001 }} }}"""
  low, high = levels
  return f"""model {{ ssd {{ inplace_batchnorm_update: true freeze_batchnorm: false num_classes: 90
    box_coder {{ faster_rcnn_box_coder {{ y_scale: 10.0 x_scale: 10.0 height_scale: 5.0 width_scale: 5.0 }} }}
    matcher {{ argmax_matcher {{ matched_threshold: 0.5 unmatched_threshold: 0.5 use_matmul_gather: true }} }}
    similarity_calculator {{ iou_similarity {{}} }} encode_background_as_zeros: true
    anchor_generator {{ multiscale_anchor_generator {{ min_level: {low} max_level: {high} anchor_scale: 4.0
      aspect_ratios: [1.0, 2.0, 0.5] scales_per_octave: 2 }} }}
    image_resizer {{ {resizer} }}
    box_predictor {{ weight_shared_convolutional_box_predictor {{ {predictor} {layers} }} }}
    feature_extractor {{ type: "{kind}" {pyramid} {layers} }}
    loss {{ classification_loss {{ {loss} }} localization_loss {{ weighted_smooth_l1 {{}} }} }}
    post_processing {{ batch_non_max_suppression {{ score_threshold: 1e-8 iou_threshold: 0.6
      max_detections_per_class: 100 max_total_detections: 100 }} score_converter: SIGMOID }} }} }}
  train_config {{ max_number_of_boxes: 100 unpad_groundtruth_tensors: false {START % 'classification'} {train} }}
  {READERS % {'reader': '', 'evaluation': ''}}"""


def fpn(kind, side, batch, steps, base):
  rate = MOMENTUM % (COSINE % {'base': base, 'steps': steps, 'warm': '0.013333', 'warmup': 2000})
  train = f'batch_size: {batch} num_steps: {steps} {TPU % 8} {FLIP} {CROP} {rate}'
  focal = 'weighted_sigmoid_focal { alpha: 0.25 gamma: 2.0 }'
  predictor = 'depth: 256 class_prediction_bias_init: -4.6 num_layers_before_predictor: 4 kernel_size: 3'
  return ssd(kind, fixed(side), 'fpn { min_level: 3 max_level: 7 }', predictor, focal, train)


def efficientdet(kind, side, filters, layers, batch):
  rate = MOMENTUM % (COSINE % {'base': '8e-2', 'steps': 300000, 'warm': '.001', 'warmup': 2500})
  train = f'batch_size: {batch} num_steps: 300000 {TPU % 8} {FLIP} {SQUARE % side} {rate}'
  focal = 'weighted_sigmoid_focal { alpha: 0.25 gamma: 1.5 }'
  pyramid = f'bifpn {{ min_level: 3 max_level: 7 num_iterations: {layers} num_filters: {filters} }}'
  predictor = f'depth: {filters} num_layers_before_predictor: 5 kernel_size: 3 use_depthwise: true'
  return ssd(kind, square(side), pyramid, predictor, focal, train)


def two_stages(kind, resizer, train, predictor='', model='', reader='', evaluation=''):
  fully = """fc_hyperparams { op: FC regularizer { l2_regularizer { weight: 0.0 } }
    initializer { variance_scaling_initializer { factor: 1.0 uniform: true mode: FAN_AVG } } }"""
  return f"""model {{ faster_rcnn {{ num_classes: 90 image_resizer {{ {resizer} }}
    feature_extractor {{ type: "{kind}" batch_norm_trainable: true }}
    first_stage_anchor_generator {{ grid_anchor_generator {{ scales: [0.25, 0.5, 1.0, 2.0]
      aspect_ratios: [0.5, 1.0, 2.0] height_stride: 16 width_stride: 16 }} }}
    first_stage_box_predictor_conv_hyperparams {{ op: CONV regularizer {{ l2_regularizer {{ weight: 0.0 }} }}
      initializer {{ truncated_normal_initializer {{ stddev: 0.01 }} }} }}
    first_stage_nms_iou_threshold: 0.7 first_stage_max_proposals: 300 initial_crop_size: 14 maxpool_kernel_size: 2
    maxpool_stride: 2
    second_stage_box_predictor {{ mask_rcnn_box_predictor {{ use_dropout: false {fully} {predictor} }} }}
    second_stage_post_processing {{ batch_non_max_suppression {{ score_threshold: 0.0 iou_threshold: 0.6
      max_detections_per_class: 100 max_total_detections: 300 }} score_converter: SOFTMAX }}
    use_static_shapes: true use_matmul_crop_and_resize: true clip_anchors_to_image: true
    use_static_balanced_label_sampler: true use_matmul_gather_in_matcher: true {model} }} }}
  train_config {{ max_number_of_boxes: 100 unpad_groundtruth_tensors: false {START % 'detection'} {train} }}
  {READERS % {'reader': reader, 'evaluation': evaluation}}"""


MASKS = """conv_hyperparams { op: CONV regularizer { l2_regularizer { weight: 0.0 } }
  initializer { truncated_normal_initializer { stddev: 0.01 } } }
  predict_instance_masks: true mask_height: 33 mask_width: 33 mask_prediction_conv_depth: 0
  mask_prediction_num_conv_layers: 4"""

POSE = """keypoint_label_map_path: "PATH_TO_BE_CONFIGURED" keypoint_estimation_task { task_name: "human_pose"
  task_loss_weight: 1.0 loss { localization_loss { l1_localization_loss {} }
    classification_loss { penalty_reduced_logistic_focal_loss { alpha: 2.0 beta: 4.0 } } }
  keypoint_class_name: "/m/01g317" keypoint_label_to_std { key: "nose" value: 0.26 }
  keypoint_regression_loss_weight: 0.1 keypoint_heatmap_loss_weight: 1.0 keypoint_offset_loss_weight: 1.0
  offset_peak_radius: 3 per_keypoint_offset: true }"""

DEEPMAC = """deepmac_mask_estimation { dim: 32 task_loss_weight: 5.0 pixel_embedding_dim: 16 mask_size: 32
  use_xy: true network_type: "hourglass100" use_instance_embedding: true num_init_channels: 64
  classification_loss { weighted_sigmoid {} } }"""

MANUAL = """manual_step_learning_rate { initial_learning_rate: 1e-3 schedule { step: 90000 learning_rate: 1e-4 }
  schedule { step: 120000 learning_rate: 1e-5 } }"""

BGR = """bgr_ordering: true channel_means: [104.01362025, 114.03422265, 119.9165958]
  channel_stds: [73.6027665, 69.89082075, 70.9150767]"""

CONSTANT = 'constant_learning_rate { learning_rate: 1e-3 }'

TWO_STAGE_TRAIN = (
  f"""{TPU % 8} {FLIP} data_augmentation_options {{ random_adjust_hue {{}} }} {SQUARE % 640}
  """
  + MOMENTUM % (COSINE % {'base': '.04', 'steps': 25000, 'warm': '.013333', 'warmup': 2000})
)

WIDE = 'keep_aspect_ratio_resizer { min_dimension: 800 max_dimension: 1333 pad_to_max_dimension: true }'

GARDEN = {
  'centernet_hourglass104_512': center_net(
    'hourglass_104',
    512,
    'batch_size: 128 num_steps: 140000 ' + ADAM % MANUAL,
    extractor=BGR,
  ),
  'centernet_hourglass104_1024_kpts': center_net(
    'hourglass_104',
    1024,
    'batch_size: 128 num_steps: 250000 '
    + ADAM % (COSINE % {'base': 1e-3, 'steps': 250000, 'warm': 1e-4, 'warmup': 5000}),
    BOXES + POSE,
    flip=f'keypoint_flip_permutation: {[0, *range(16, 0, -1)]}',
    extractor=BGR,
    reader='num_keypoints: 17',
    evaluation="""parameterized_metric { coco_keypoint_metrics { class_label: "person"
      keypoint_label_to_sigmas { key: "nose" value: 0.026 } } } keypoint_edge { start: 0 end: 1 }""",
  ),
  'centernet_mobilenetv2_fpn_512_kpts': center_net(
    'mobilenet_v2_fpn',
    512,
    'batch_size: 512 num_steps: 300000 ' + ADAM % CONSTANT,
    POSE,
    reader='num_keypoints: 17',
  ),
  'center_net_deepmac_1024': center_net(
    'hourglass_104',
    1024,
    'batch_size: 128 num_steps: 50000 ' + ADAM % CONSTANT,
    BOXES + DEEPMAC,
    extractor=BGR,
    reader='load_instance_masks: true mask_type: PNG_MASKS',
    evaluation='metrics_set: "coco_mask_metrics" include_metrics_per_category: true super_categories { key: "VOC" }',
  ),
  'centernet_resnet101_v1_fpn_512': center_net(
    'resnet_v1_101_fpn', 512, 'batch_size: 128 num_steps: 140000 ' + ADAM % CONSTANT
  ),
  'efficientdet_d3_896': efficientdet('ssd_efficientnet-b3_bifpn_keras', 896, 160, 6, 128),
  'efficientdet_d7_1536': efficientdet('ssd_efficientnet-b6_bifpn_keras', 1536, 384, 8, 128),
  'ssd_mobilenet_v1_fpn_640': fpn('ssd_mobilenet_v1_fpn_keras', 640, 64, 25000, '.04'),
  'ssd_resnet101_v1_fpn_1024': fpn('ssd_resnet101_v1_fpn_keras', 1024, 64, 100000, '.04'),
  'ssd_resnet152_v1_fpn_640': fpn('ssd_resnet152_v1_fpn_keras', 640, 64, 25000, '.04'),
  'faster_rcnn_resnet50_v1_800x1333': two_stages(
    'faster_rcnn_resnet50_keras', WIDE, f'batch_size: 16 num_steps: 200000 {TWO_STAGE_TRAIN}'
  ),
  'faster_rcnn_resnet152_v1_1024': two_stages(
    'faster_rcnn_resnet152_keras', fixed(1024), f'batch_size: 64 num_steps: 100000 {TWO_STAGE_TRAIN}'
  ),
  'faster_rcnn_inception_resnet_v2_1024_autoaugment': two_stages(
    'faster_rcnn_inception_resnet_v2_keras',
    fixed(1024),
    f'batch_size: 16 num_steps: 200000 {TWO_STAGE_TRAIN} data_augmentation_options {{ autoaugment_image {{}} }}',
  ),
  'mask_rcnn_inception_resnet_v2_1024': two_stages(
    'faster_rcnn_inception_resnet_v2_keras',
    fixed(1024),
    f'batch_size: 16 num_steps: 200000 gradient_clipping_by_norm: 10.0 {TWO_STAGE_TRAIN}',
    MASKS,
    'number_of_stages: 3 second_stage_mask_prediction_loss_weight: 4.0',
    'load_instance_masks: true mask_type: PNG_MASKS',
    'metrics_set: "coco_mask_metrics" eval_instance_masks: true include_metrics_per_category: false',
  ),
}
